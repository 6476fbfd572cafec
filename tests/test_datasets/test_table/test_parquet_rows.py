from __future__ import annotations

import sys

import pytest

from wsml_mm.datasets.table import ColumnNames, FaultLog
from wsml_mm.datasets.table.parquet_rows import open_parquet

pa = pytest.importorskip('pyarrow')
from pyarrow import parquet  # noqa: E402


def read(tmp_path, table, names=None):
    path = tmp_path / 't.parquet'
    if isinstance(table, bytes):
        path.write_bytes(table)
    else:
        parquet.write_table(pa.table(table), path, row_group_size=2)
    log = FaultLog()
    source = open_parquet(path, ColumnNames.of(names), log)
    rows = [tuple(row) for row in source.rows]
    faults = [str(f).replace(str(path), 't.parquet') for fs in log.kept.values() for f in fs]
    return rows, faults, source.where(3).replace(str(path), 't.parquet')


STRINGS = pa.list_(pa.string())


@pytest.mark.parametrize(
    'kind',
    [
        STRINGS,
        pa.large_list(pa.large_string()),
        pa.list_(pa.dictionary(pa.int8(), pa.string())),
    ],
)
def test_lists_of_names(tmp_path, kind):
    positive = pa.array([['cat', 'dog'], [], None], STRINGS)
    if kind is not STRINGS:
        positive = positive.cast(kind)
    table = {'positive': positive, 'x': [1, 2, 3], 'image': ['a.jpg', 'b.jpg', 'c.jpg']}
    rows, faults, where = read(tmp_path, table)
    assert faults == []
    assert where == 't.parquet: row 3'
    assert rows == [
        (1, 'a.jpg', ['cat', 'dog'], None),
        (2, 'b.jpg', [], None),
        (3, 'c.jpg', None, None),
    ]


def test_separated_names(tmp_path):
    table = {'image': ['a.jpg'], 'positive': ['cat|dog'], 'negative': ['elk']}
    assert read(tmp_path, table)[0] == [(1, 'a.jpg', 'cat|dog', 'elk')]


@pytest.mark.parametrize(
    ('table', 'message'),
    [
        ({'image': [1], 'positive': ['x']}, "t.parquet: column 'image' holds int64; write strings"),
        ({'image': ['a'], 'positive': [[1]]}, "t.parquet: column 'positive' holds list<"),
        ({'image': [['a']], 'positive': ['x']}, "t.parquet: column 'image' holds list<"),
        ({'image': ['a']}, "t.parquet: the file has no 'positive', only 'image'; name the columns"),
        (b'PAR1 no', 't.parquet: is no Parquet file (ArrowInvalid'),
    ],
)
def test_faults(tmp_path, table, message):
    rows, (fault,), _ = read(tmp_path, table)
    assert fault.startswith(message)
    assert rows == []


def test_absence_of_pyarrow_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'pyarrow', None)
    with pytest.raises(ModuleNotFoundError, match=r't\.parquet: .*pip install "wsml_mm\[data\]"'):
        open_parquet(tmp_path / 't.parquet', ColumnNames(), FaultLog())
