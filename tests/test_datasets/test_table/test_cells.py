from __future__ import annotations

import pytest

from wsml_mm.datasets.table.cells import CellReader, Vocabulary

CLASSES = ['cat', 'dog', 'elk', 'Fire engine']


def reader(classes=CLASSES, separator='|'):
    told = []
    return CellReader(Vocabulary(classes, separator), separator, told.append), told


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
def test_labels_of_a_cell(cell, ids):
    cells, told = reader()
    for _ in range(2):  # parsed, then remembered
        assert cells.read(cell, negative=False) == (ids, False)
    assert told == []


def test_star_is_for_negatives():
    cells, told = reader()
    assert cells.read('*', negative=True) == ((), True)
    assert cells.read(['cat', '*'], negative=True) == ((0,), True)
    assert told == []
    assert cells.read('*', negative=False) == ((), False)
    (wrong,) = told
    assert wrong[:3] == (
        'broken labels',
        "'*' among the positive labels",
        'it belongs to the negative ones',
    )


@pytest.mark.parametrize(
    ('cell', 'what', 'mend'),
    [
        ('cta', "unknown label 'cta'", "did you mean 'cat'?"),
        ('CAT', "unknown label 'CAT'", "did you mean 'cat'?"),
        ('fire engin', "unknown label 'fire engin'", "did you mean 'Fire engine'?"),
        ('cat;dog', "unknown label 'cat;dog'", "are separated by '|' here, or say separator=';'"),
        ('zzz', "unknown label 'zzz'", "add it to the classes 'cat', 'dog', 'elk', 'Fire engine'"),
        ('dog|dog', "label 'dog' is listed twice", 'list it once'),
        ('dog|', 'an empty label', 'remove the extra separator'),
        ([''], 'an empty label', 'remove the extra separator'),
        ([1], 'label 1 is no text', 'give names, not indices'),
        ([['cat']], 'label ["cat"] is no text', 'give names, not indices'),
        ([None], 'label null is no text', 'give names, not indices'),
        (7, '7 is no list', 'list class names'),
        ({'cat': 1}, '{"cat": 1} is no list', 'list class names'),
    ],
)
def test_faults_are_told_each_time(cell, what, mend):
    cells, told = reader()
    first = cells.read(cell, negative=False)
    assert cells.read(cell, negative=False) == first
    assert len(told) == 2
    assert told[0].what == what
    assert mend in told[0].mend


def test_labels_beside_a_fault_are_kept():
    cells, told = reader()
    assert cells.read('elk|cta|cat|', negative=False).ids == (0, 2)
    assert [wrong.kind for wrong in told] == ['unknown label', 'broken labels']


def test_an_open_vocabulary_grows_and_is_sorted():
    cells, told = reader(None)
    assert cells.read('elk|cat', negative=False).ids == (0, 1)
    assert cells.read('ant|cat', negative=True).ids == (1, 2)
    vocabulary = cells.vocabulary
    assert vocabulary.classes() == ('ant', 'cat', 'elk')
    assert vocabulary.order().tolist() == [2, 1, 0]
    assert told == []
    cells.read(['c\nt', 'x\ud800'], negative=False)
    assert [wrong.what for wrong in told] == [
        f'label {name!r} holds a line break or control sign' for name in ('c\nt', 'x\ud800')
    ]


def test_given_classes_keep_their_order():
    vocabulary = Vocabulary(['b', 'a'])
    assert vocabulary.classes() == ('b', 'a')
    assert vocabulary.order().tolist() == [0, 1]


def test_remembered_cells_are_bounded(monkeypatch):
    monkeypatch.setattr('wsml_mm.datasets.table.cells._REMEMBERED', 2)
    cells, _ = reader()
    for cell in ('cat', 'dog', 'elk', 'cat|dog'):
        assert cells.read(cell, negative=False).ids
    assert len(cells._seen[0]) == 2
