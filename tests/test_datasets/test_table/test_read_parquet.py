from __future__ import annotations

import pyarrow as pa
import pytest
from pyarrow import parquet

from wsml_mm.datasets.table import ColumnNames, ProblemLog
from wsml_mm.datasets.table.problem import RowErrors
from wsml_mm.datasets.table.read_parquet import read_parquet
from wsml_mm.datasets.table.rows import listed


def rows_of(batches):
    return [
        row
        for batch in batches
        for row in zip(
            batch.lines.tolist(), *(column.to_pylist() for column in batch[1:]), strict=True
        )
    ]


def read(tmp_path, table, names=None):
    path = tmp_path / 't.parquet'
    if isinstance(table, bytes):
        path.write_bytes(table)
    else:
        parquet.write_table(pa.table(table), path, row_group_size=2)
    log = ProblemLog()
    errors = RowErrors(path, log)
    columns = ColumnNames.of(names)
    rows = rows_of(listed(some, columns) for some in read_parquet(path, columns, errors))
    errors.flush()
    problems = [str(f).replace(str(path), 't.parquet') for fs in log.kept.values() for f in fs]
    return rows, problems, errors.where(3).replace(str(path), 't.parquet')


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
    rows, problems, where = read(tmp_path, table)
    assert problems == []
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
        (b'PAR1 no', 't.parquet: is not a Parquet file (ArrowInvalid'),
    ],
)
def test_problems(tmp_path, table, message):
    rows, (problem,), _ = read(tmp_path, table)
    assert problem.startswith(message)
    assert rows == []


def test_a_file_damaged_in_the_middle(tmp_path):
    path = tmp_path / 't.parquet'
    names = [f'{i}.jpg' for i in range(4000)]
    table = pa.table({'image': names, 'positive': ['cat'] * len(names)})
    parquet.write_table(table, path, use_dictionary=False, compression='gzip')
    content = bytearray(path.read_bytes())
    content[100:2000] = bytes(1900)
    rows, (error,), _ = read(tmp_path, bytes(content))
    assert rows == []
    assert error.startswith('t.parquet: row 1: cannot be read from here on (')
    assert error.endswith('; copy the file again, or write it anew')


def test_a_checksum_tells_of_a_changed_name(tmp_path):
    path = tmp_path / 't.parquet'
    table = pa.table({'image': ['a.jpg', 'b.jpg'], 'positive': ['cat', 'dog']})
    parquet.write_table(
        table, path, use_dictionary=False, compression='none', write_page_checksum=True
    )
    content = path.read_bytes()
    at = content.index(b'\5\0\0\0a.jpg') + 4  # in the page, not in its statistics
    rows, (error,), _ = read(tmp_path, content[:at] + b'c' + content[at + 1 :])
    assert rows == []
    assert error.startswith('t.parquet: row 1: cannot be read from here on (')


def test_text_of_a_damaged_page_that_is_no_utf_8(tmp_path):
    path = tmp_path / 't.parquet'
    table = pa.table({'image': ['a.jpg', 'b.jpg'], 'positive': ['cat', 'dog']})
    parquet.write_table(table, path, use_dictionary=False, compression='none')
    rows, (error,), _ = read(tmp_path, path.read_bytes().replace(b'a.jpg', b'\xff.jpg'))
    assert rows == []
    assert error.startswith('t.parquet: row 1: cannot be read from here on (')
