from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.labels import SparseLabels
from wsml_mm.reports.dataset.class_counts import (
    chain,
    class_counts,
    labels_per_image,
    most_frequent,
    pair_counts,
    similar_names,
    top_pairs,
)

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 7))
DENSE = hnp.arrays(np.int8, SHAPES, elements=st.sampled_from([1, 0, -1]))
RESTS = st.sampled_from([0, -1])


@given(DENSE, RESTS)
def test_counts(dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    for found, value in zip(class_counts(labels), (1, 0, -1), strict=True):
        np.testing.assert_array_equal(found, (dense == value).sum(0))
    per_image = labels_per_image(labels, most=3)
    several = np.minimum((dense == 1).sum(1), 3)
    assert per_image.tolist() == [(several == n).sum() for n in range(len(per_image))]
    assert per_image.sum() == len(dense)


@given(DENSE, RESTS)
def test_pairs_are_those_of_a_matrix_product(dense, rest):
    positive = (dense == 1).astype(np.int64)
    counts = pair_counts(SparseLabels.from_dense(dense, rest))
    np.testing.assert_array_equal(counts, positive.T @ positive)


def test_top_pairs():
    dense = np.array([[1, 1, 0, 0]] * 4 + [[1, 0, 0, 0]] * 4 + [[0, 0, 1, 1]] * 2 + [[0, 0, 1, 0]])
    counts = pair_counts(SparseLabels.from_dense(dense.astype(np.int8), 0))
    by_count = top_pairs(counts, len(dense), 'count')
    assert [pair[:3] for pair in by_count] == [(0, 1, 4), (2, 3, 2)]
    by_lift = top_pairs(counts, len(dense), 'lift')
    assert [pair[:3] for pair in by_lift] == [(2, 3, 2), (0, 1, 4)]
    assert by_lift[0].lift == pytest.approx(2 * 11 / (3 * 2))
    assert by_lift[1].lift == pytest.approx(4 * 11 / (8 * 4))
    assert [pair[:2] for pair in top_pairs(counts, len(dense), 'count', least=3)] == [(0, 1)]
    assert len(top_pairs(counts, len(dense), 'lift', most=1)) == 1


@given(DENSE)
def test_pairs_by_lift_are_above_chance_and_ordered(dense):
    positive = dense == 1
    pairs = top_pairs(pair_counts(SparseLabels.from_dense(dense)), len(dense), 'lift', 99, 1)
    expected = {
        (a, b): (positive[:, a] & positive[:, b]).mean()
        / (positive[:, a].mean() * positive[:, b].mean())
        for a, b in combinations(range(dense.shape[1]), 2)
        if (positive[:, a] & positive[:, b]).any()
    }
    above = {pair: lift for pair, lift in expected.items() if lift > 1 + 1e-9}
    assert {p[:2]: pytest.approx(p.lift) for p in pairs if p.lift > 1 + 1e-9} == above
    lifts = [pair.lift for pair in pairs]
    assert lifts == sorted(lifts, reverse=True)


@given(DENSE)
def test_chain_is_an_order(dense):
    counts = pair_counts(SparseLabels.from_dense(dense))
    assert sorted(chain(counts)) == list(range(dense.shape[1]))


def test_chain_puts_companions_side_by_side():
    dense = np.zeros((40, 6), np.int8)
    for first, second, rows in ((0, 3, 20), (4, 1, 12), (2, 5, 8)):
        free = np.flatnonzero(dense.sum(1) == 0)[:rows]
        dense[np.ix_(free, [first, second])] = 1
    order = chain(pair_counts(SparseLabels.from_dense(dense, 0))).tolist()
    assert order == [0, 3, 1, 4, 2, 5]
    assert chain(np.zeros((0, 0), np.int64)).tolist() == []


def test_most_frequent():
    assert most_frequent(np.array([3, 9, 3, 5]), 3).tolist() == [1, 3, 0]


@pytest.mark.parametrize(
    ('classes', 'labels', 'found'),
    [
        (['car', 'Car'], [90, 50], [(1, 0)]),
        (['traffic light', 'traffic-light', 'Traffic_Light'], [5, 90, 7], [(2, 1), (0, 1)]),
        (['person', 'preson'], [90, 2], [(1, 0)]),
        (['cat', 'cta', 'Persn', 'person'], [90, 2, 1, 40], [(1, 0), (2, 3)]),
        (['person', 'persons'], [90, 80], []),  # two classes that both are frequent
        (['wheel 1', 'wheel 2'], [90, 1], []),  # numbers tell them apart
        (['cat', 'car', 'bus'], [90, 1, 1], []),
        (['!', '?'], [1, 1], []),
        ([], [], []),
    ],
)
def test_similar_names(classes, labels, found):
    assert similar_names(classes, np.array(labels)) == found
