from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.datasets.table.gt_label import contradicts, holds_vectors, positive_classes
from wsml_mm.datasets.table.problem import RowError

CLASSES = ('cat', 'dog', 'elk')


@st.composite
def matrices(draw):
    rows, classes = draw(st.integers(1, 6)), draw(st.integers(1, 5))
    row = st.lists(st.integers(0, 1), min_size=classes, max_size=classes)
    return draw(st.lists(row, min_size=rows, max_size=rows))


@given(matrices(), st.booleans())
def test_never_the_wrong_reading(matrix, as_vectors):
    """What was written as vectors or as indices is read as that, or refused."""
    names = [str(n) for n in range(len(matrix[0]))]
    indices = [np.flatnonzero(row).tolist() for row in matrix]
    rows = matrix if as_vectors else indices
    found = holds_vectors(rows, len(names))
    if isinstance(found, RowError):
        assert len(names) < 3
    else:
        assert found == as_vectors
        assert [positive_classes(row, names, found) for row in rows] == indices


@pytest.mark.parametrize(
    ('rows', 'classes', 'vectors'),
    [
        ([[1, 0]], 3, False),
        ([[1, 0, 0]], 3, True),
        ([[True, False, False]], 3, True),
        ([[1.0, 0.0, 0.0]], 3, True),
        ([np.array([0, 1, 1])], 3, True),
        ([[1, 0, 0], [2]], 3, False),
        ([[1, 0, 0], []], 3, False),
        ([[1, 0], [1, 1]], 2, True),
        ([[1, 0], [1]], 2, False),
        ([[1], [0]], 1, True),
        ([0, 1], 2, False),
        ([['cat']], 3, False),
        ([None], 3, False),
        ([], 3, False),
    ],
)
def test_vectors_are_known_by_other_rows(rows, classes, vectors):
    assert holds_vectors(rows, classes) is vectors


@pytest.mark.parametrize(('rows', 'classes'), [([[1, 0]], 2), ([[0, 1], [1, 0]], 2), ([[0]], 1)])
def test_rows_that_may_be_either(rows, classes):
    error = holds_vectors(rows, classes)
    assert error.what.startswith(f'gt_label may be indices or a 0/1 vector of the {classes} class')
    assert error.fix.startswith('write gt_score instead')


@pytest.mark.parametrize(
    ('label', 'vectors', 'what', 'fix'),
    [
        ([1, 0], True, 'gt_label [1, 0] is not 3 values of 1 or 0, as in other rows', 'gt_score'),
        ([1, 0, 0], False, 'gt_label [1, 0, 0] is a 0/1 vector, or lists', 'list each index once'),
        ([1, -1, 0], False, 'gt_label [1, -1, 0] has -1, outside 0..2', 'write gt_score instead'),
        ([-1], False, 'gt_label [-1] has -1, outside 0..2', 'check the class list'),
        ([2, None], False, "gt_label [2, None] has 'None', no index of 0..2", 'list whole numbers'),
        ([[0]], False, "gt_label [[0]] has '[0]', no index of 0..2", 'list whole numbers'),
        ([0, 'cat'], False, "gt_label [0, 'cat'] has 'cat', no index", 'list whole numbers'),
        (['cat', 'cow'], False, "has 'cow', which is no class", 'name classes of the list'),
        (['2'], False, "gt_label ['2'] has '2', which is no class", 'without quotation marks'),
        (None, False, 'gt_label is null', 'write [] if no class is there'),
    ],
)
def test_what_is_no_list_of_classes(label, vectors, what, fix):
    error = positive_classes(label, CLASSES, vectors, named=True)
    assert what in error.what
    assert fix in error.fix


def test_names_and_numbers_that_are_names():
    assert positive_classes(['elk', 'cat'], CLASSES, named=True) == [2, 0]
    assert positive_classes('dog', CLASSES, named=True) == [1]
    assert positive_classes(['1', '0'], ('0', '1'), named=True) == [1, 0]
    error = positive_classes(['1'], ('1', '0'), named=True)
    assert error.what == "gt_label has '1', which may be a name or an index"
    assert positive_classes(['elk'], CLASSES).what.endswith("has 'elk', no index of 0..2")


def test_gt_label_beside_gt_score():
    assert contradicts([0], [1, 0, -1], CLASSES) is None
    assert contradicts([1, 0, 0], [1, 0, -1], CLASSES) is None
    error = contradicts([0], [0, 1, -1], CLASSES)
    assert error.what == 'gt_label [0] is not what gt_score says, [1]'
