from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from wsml_mm.datasets.table import TableFormat
from wsml_mm.datasets.table.check import check_batch
from wsml_mm.datasets.table.classes import Vocabulary
from wsml_mm.datasets.table.layout import Batch
from wsml_mm.datasets.table.problem import RowErrors
from wsml_mm.datasets.table.read_json import read_json

CLASSES = ['cat', 'dog', 'elk', 'Fire engine']


@pytest.fixture
def read(tmp_path):
    """Reads one cell as JSON; one of text as CSV and Parquet have it too."""

    def read_cell(cell, negative=False, vocabulary=None):
        if vocabulary is None:
            vocabulary = Vocabulary(CLASSES)
        path, logged = tmp_path / 't.jsonl', []
        sides = {'positive': None, 'negative': None} | {side(negative): cell}
        path.write_text(json.dumps({'image': 'a.jpg', **sides}))
        errors = RowErrors(path, logged.append)
        (batch,) = read_json(path, TableFormat(), errors)[0]
        found = checked(batch, vocabulary, errors)
        if cell is None or isinstance(cell, str):
            text = {name: pa.array([sides[name]], pa.string()) for name in sides}
            again, logged_again = Batch(np.array([1]), pa.array(['a.jpg']), **text), []
            errors = RowErrors(path, logged_again.append)
            assert checked(again, vocabulary, errors) == found
            assert logged_again == logged
        return found, logged

    return read_cell


def side(negative):
    return 'negative' if negative else 'positive'


def checked(batch, vocabulary, errors):
    rows = check_batch(batch, vocabulary, errors)
    errors.flush()
    return tuple(rows.labels.classes.tolist()), bool(rows.full[0])


@pytest.mark.parametrize(
    ('cell', 'ids'),
    [
        ('cat', (0,)),
        ('elk|cat', (0, 2)),
        (' elk | Fire engine ', (2, 3)),
        ('', ()),
        ('  ', ()),
        (None, ()),
        ([], ()),
        (['elk', ' cat '], (0, 2)),
    ],
)
def test_labels_of_a_cell(read, cell, ids):
    for negative in (False, True):
        assert read(cell, negative) == ((ids, False), [])


def test_star_is_for_negatives(read):
    assert read('*', negative=True) == (((), True), [])
    assert read(['cat', '*'], negative=True) == (((0,), True), [])
    found, (error,) = read('*', negative=False)
    assert found == ((), False)
    assert (error.kind, error.what, error.fix) == (
        'broken labels',
        "'*' among the positive labels",
        'it belongs to the negative ones',
    )


@pytest.mark.parametrize(
    ('cell', 'what', 'fix'),
    [
        ('cta', "unknown label 'cta'", "did you mean 'cat'?"),
        ('CAT', "unknown label 'CAT'", "did you mean 'cat'?"),
        ('fire engin', "unknown label 'fire engin'", "did you mean 'Fire engine'?"),
        ('cat;dog', "unknown label 'cat;dog'", "are separated by '|' here, or say separator=';'"),
        ('zzz', "unknown label 'zzz'", "add it to the classes 'cat', 'dog', 'elk', 'Fire engine'"),
        ('dog|dog', "label 'dog' is listed twice", 'list it once'),
        ('dog|', 'an empty label', 'remove the extra separator'),
        ([''], 'an empty label', 'remove the extra separator'),
        ([1], 'label 1 is not text', 'give names, not indices'),
        ([['cat']], 'label ["cat"] is not text', 'give names, not indices'),
        ([None], 'label null is not text', 'give names, not indices'),
        (7, '7 is not a list', 'list class names'),
        ({'cat': 1}, '{"cat": 1} is not a list', 'list class names'),
    ],
)
def test_errors_of_a_cell(read, cell, what, fix):
    _, (error,) = read(cell)
    assert error.what == what
    assert fix in error.fix
    assert error.image == 'a.jpg'


def test_an_error_is_reported_for_each_row(tmp_path):
    logged = []
    cells = pa.array(['cta', 'cat', None, 'cta'])
    images = pa.array(list('abcd'))
    batch = Batch(np.array([2, 3, 5, 9]), images, cells, pa.nulls(4, pa.string()))
    errors = RowErrors(tmp_path / 't.csv', logged.append)
    check_batch(batch, Vocabulary(CLASSES), errors)
    errors.flush()
    assert [(error.where, error.image) for error in logged] == [
        (f'{tmp_path}/t.csv:2', 'a'),
        (f'{tmp_path}/t.csv:9', 'd'),
    ]


def test_labels_beside_an_error_are_kept(read):
    (ids, _), logged = read('elk|cta|cat|')
    assert ids == (0, 2)
    assert [error.kind for error in logged] == ['unknown label', 'broken labels']


def test_an_open_vocabulary_grows_and_is_sorted(read):
    vocabulary = Vocabulary()
    assert read('elk|cat', False, vocabulary) == (((0, 1), False), [])
    assert read('ant|cat', True, vocabulary) == (((1, 2), False), [])
    assert vocabulary.classes() == ('ant', 'cat', 'elk')
    assert vocabulary.order().tolist() == [2, 1, 0]
    _, logged = read(['c\nt', 'x\ud800'], False, vocabulary)
    assert sorted(error.what for error in logged) == [
        f'label {name!r} holds a line break or control sign' for name in ('c\nt', 'x\ud800')
    ]


def test_given_classes_keep_their_order():
    vocabulary = Vocabulary(['b', 'a'])
    assert vocabulary.classes() == ('b', 'a')
    assert vocabulary.order().tolist() == [0, 1]
