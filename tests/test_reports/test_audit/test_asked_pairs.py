from __future__ import annotations

import pyarrow as pa
import pytest
from hostile import Case, refusals
from pyarrow import csv, parquet
from suspicion_tables import table_of

from wsml_mm.reports.audit import read_pairs

THREE = table_of(
    ('missing', 1, 'a.jpg', 'cat'),
    ('missing', 2, '007', 'NA'),
    ('positive', 1, 'b, "c".jpg', 'dog\nhouse'),
)


def write(table, path):
    table = pa.table(table)
    (parquet.write_table if path.suffix == '.parquet' else csv.write_csv)(table, path)
    return path


@pytest.mark.parametrize('name', ['s.csv', 's.parquet'])
def test_files_and_columns_say_the_same(name, tmp_path):
    whole = read_pairs(THREE, None)
    found = read_pairs(write(THREE, tmp_path / name), None)
    assert found == whole
    assert [row[:4] for row in found.rows] == [
        ('missing', 'a.jpg', 'cat', 1),
        ('positive', 'b, "c".jpg', 'dog\nhouse', 1),
        ('missing', '007', 'NA', 2),
    ]  # by rank; no name is taken for a number or for nothing


def test_the_limit_keeps_the_first_of_every_list():
    pairs = [(kind, n, f'{kind}{n}', 'cat') for kind in ('negative', 'missing') for n in (1, 2, 3)]
    found = read_pairs(table_of(*pairs), 3)
    assert [row[1] for row in found.rows] == ['missing1', 'negative1', 'missing2']
    assert found.total == 6


def test_the_fingerprint_is_that_of_the_whole_table():
    whole = read_pairs(THREE, None).fingerprint
    assert read_pairs(THREE, 1).fingerprint == whole
    assert read_pairs({**THREE, 'score': [0.1, 0.2, 0.3]}, None).fingerprint == whole
    assert read_pairs({**THREE, 'class': ['cat', 'NA', 'dog']}, None).fingerprint != whole
    assert read_pairs(THREE, None, 'own').fingerprint == 'own'


def of(table, name='s.csv'):
    def make(folder):
        path = write(table, folder / name)
        return lambda: read_pairs(path, None)

    return make


def noise(folder):
    (folder / 's.parquet').write_bytes(b'no table')
    return lambda: read_pairs(folder / 's.parquet', None)


NO_CLASS = {key: column for key, column in THREE.items() if key != 'class'}
TWICE = table_of(('missing', 1, 'a', 'cat'), ('positive', 1, 'a', 'cat'))
MARK = 'the audit wrote'
NO_IMAGE = {**THREE, 'image': ['a', '', 'b']}
NO_RANK = {**THREE, 'rank': ['x', '2', '3']}
NO_FILE = FileNotFoundError

test_refused = refusals(
    Case('no file', lambda f: lambda: read_pairs(f / 'x.csv', 1), NO_FILE, f'x.csv ... {MARK}'),
    Case('no column', of(NO_CLASS), ValueError, f"s.csv: has no column 'class' ... {MARK}"),
    Case('noise', noise, ValueError, f's.parquet: is no table ... {MARK}'),
    Case('text', of(NO_RANK), ValueError, f's.csv: is no table ... {MARK}'),
    Case(
        'list',
        of({**THREE, 'list': ['missing', 'new', 'missing']}),
        ValueError,
        "s.csv: row 2 is of list 'new'; the lists are missing, positive, negative",
    ),
    Case('twice', of(TWICE), ValueError, "row 2 has image 'a' and class 'cat' again ... once"),
    Case('no image', of(NO_IMAGE), ValueError, f'row 2 has no image; give ... {MARK}'),
    Case('limit', lambda _: lambda: read_pairs(THREE, 0), ValueError, 'limit 0: give 1 or more'),
)  # fmt: skip
