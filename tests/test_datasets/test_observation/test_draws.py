from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_samples import DENSE

from wsml_mm.datasets.observation.draws import Candidates, draw_distinct
from wsml_mm.labels import SparseLabels


@given(DENSE, st.sampled_from([0, -1]), st.sampled_from([1, 0, -1]))
def test_every_rank_is_the_class_of_that_number(dense, rest, value):
    candidates = Candidates(SparseLabels.from_dense(dense, rest), value)
    expected = [np.flatnonzero(row == value) for row in dense]
    assert candidates.counts.tolist() == [len(row) for row in expected]
    rows = np.repeat(np.arange(len(dense)), candidates.counts)
    ranks = np.array([rank for row in expected for rank in range(len(row))], np.int64)
    backwards = np.arange(len(rows))[::-1]  # the order asked for is free
    found = candidates.at(rows[backwards], ranks[backwards])[backwards]
    assert found.tolist() == [c for row in expected for c in row]


def test_values_listed_although_they_are_the_rest():
    arrays = np.array([0, 3]), np.array([0, 1, 2], np.int32), np.array([1, 0, -1], np.int8)
    candidates = Candidates(SparseLabels(*arrays, num_classes=4, rest=0), 0)
    assert candidates.counts.tolist() == [2]
    assert candidates.at(np.array([0, 0]), np.array([0, 1])).tolist() == [1, 3]


@pytest.mark.parametrize('count', [1, 2, 4, 5])  # few of many, and most
def test_every_subset_is_equally_likely(count):
    rng, draws = np.random.RandomState(0), 6000
    found = Counter(tuple(sorted(draw_distinct(rng, 6, count).tolist())) for _ in range(draws))
    subsets = list(combinations(range(6), count))
    assert set(found) == set(subsets)
    expected = draws / len(subsets)
    chi_squared = sum((found[s] - expected) ** 2 / expected for s in subsets)
    freedom = len(subsets) - 1
    assert chi_squared < freedom + 4 * np.sqrt(2 * freedom)


@given(st.integers(0, 50), st.integers(0, 60))
def test_drawn_are_distinct(size, count):
    drawn = draw_distinct(np.random.RandomState(1), size, count)
    assert len(set(drawn.tolist())) == len(drawn) == min(size, count)
    assert all(0 <= number < size for number in drawn)


def test_few_of_very_many_take_no_memory():
    drawn = draw_distinct(np.random.RandomState(1), 10**12, 1000)
    assert len(np.unique(drawn)) == 1000
    assert 0.4e12 < drawn.mean() < 0.6e12
