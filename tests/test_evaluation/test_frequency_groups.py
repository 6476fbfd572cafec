"""Groups of classes against a plain count and sort."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.evaluation.frequency_groups import (
    annotation_counts,
    frequency_groups,
    groups_by_count,
)
from wsml_mm.labels.sparse import SparseLabels


def test_constructed_matrix():
    # Positives 2, 0, 3, 1; annotated 2, 3, 3, 2.
    matrix = np.array(
        [[1, 0, 1, 1], [1, 0, 1, -1], [-1, 0, 1, 0]],
        dtype=np.int8,
    )
    labels = SparseLabels.from_dense(matrix)
    assert frequency_groups(labels, 4) == [[1], [3], [0], [2]]
    assert frequency_groups(labels, 2) == [[1, 3], [0, 2]]
    assert frequency_groups(labels, 3) == [[1, 3], [0], [2]]
    # Ties by index: classes 0 and 3 before 1 and 2.
    assert frequency_groups(labels, 2, 'annotated') == [[0, 3], [1, 2]]
    assert frequency_groups(labels, 1) == [[1, 3, 0, 2]]


matrices = hnp.arrays(
    np.int8, st.tuples(st.integers(1, 8), st.integers(1, 9)), elements=st.sampled_from([1, 0, -1])
)


@given(matrices, st.data(), st.sampled_from(['positive', 'annotated']), st.sampled_from([0, -1]))
def test_groups_hold_every_class_once_in_ascending_order(matrix, data, count, rest):
    classes = matrix.shape[1]
    number = data.draw(st.integers(1, classes))
    labels = SparseLabels.from_dense(matrix, rest=rest)
    groups = frequency_groups(labels, number, count)
    expected = [
        sum(1 for row in matrix if row[c] == 1 or (count == 'annotated' and row[c] == 0))
        for c in range(classes)
    ]
    assert annotation_counts(labels, count).tolist() == expected
    flat = [c for group in groups for c in group]
    assert flat == sorted(range(classes), key=lambda c: (expected[c], c))
    sizes = [len(group) for group in groups]
    assert len(groups) == number
    assert max(sizes) - min(sizes) <= 1
    assert sizes == sorted(sizes, reverse=True)


def test_five_groups_of_a_thousand():
    counts = np.random.default_rng(0).permutation(5000)
    groups = groups_by_count(counts, 5)
    assert [len(g) for g in groups] == [1000] * 5
    assert [(counts[g].min(), counts[g].max()) for g in groups][1] == (1000, 1999)


@pytest.mark.parametrize('number', [0, 5])
def test_too_many_groups(number):
    labels = SparseLabels.from_dense(np.ones((2, 4), np.int8))
    with pytest.raises(ValueError, match=f'{number} groups of 4 classes: ask for 1 to 4'):
        frequency_groups(labels, number)


def test_unknown_count():
    with pytest.raises(ValueError, match='use "positive" or "annotated"'):
        frequency_groups(SparseLabels.from_dense(np.ones((1, 2), np.int8)), 1, 'negative')
