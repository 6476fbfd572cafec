from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from label_samples import (
    DENSE,
    as_sparse,
    few_listed,
    full_labels,
    part_labels,
    to_dense,
)
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import (
    BiasedSinglePositive,
    KeepRatio,
    KnownPerClass,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    known_share,
)
from wsml_mm.labels import SparseLabels
from wsml_mm.labels.agreement import first_contradiction

FROM_REFERENCE = {1: 1, -1: 0, 0: -1}


def from_reference(observed) -> np.ndarray:
    return np.vectorize(FROM_REFERENCE.get)(observed).astype(np.int8)


@pytest.mark.parametrize(('count', 'classes'), [(2, 1), (17, 20), (300, 80)])
@pytest.mark.parametrize(
    ('num_pos', 'num_neg'), [(1, 0), (1, 1), (0, 2), (2, -1), (-1, 0), (-1, -1), (0, 0), (999, 3)]
)
def test_counts_equal_the_published_generator(count, classes, num_pos, num_neg, reference):
    dense = full_labels(count, classes, seed=count)
    for seed in (1200, 5):
        labels = ObserveCounts(num_pos, num_neg, seed)(as_sparse(dense))
        expected = from_reference(reference.observe(dense, num_pos, num_neg, seed))
        np.testing.assert_array_equal(to_dense(labels), expected)
        assert labels.rest == -1


def test_single_positive_is_the_published_mask(reference):
    dense = full_labels(200, 20, density=0.2)
    labels = TASK_UTILS.build(dict(type='SinglePositive'))(as_sparse(dense))
    observed = to_dense(labels)
    np.testing.assert_array_equal(observed, from_reference(reference.observe(dense, seed=1200)))
    np.testing.assert_array_equal((observed == 1).sum(axis=1), dense.any(axis=1))
    assert set(np.unique(observed)) == {1, -1}
    assert (dense[observed == 1] == 1).all()


def test_generator_restarts_for_every_split():
    dense = as_sparse(full_labels(30, 20, density=0.3))
    process = SinglePositive()
    first = process(dense).fingerprint()
    assert process(dense).fingerprint() == first
    assert SinglePositive(seed=1)(dense).fingerprint() != first


def test_stored_zeros_and_unlisted_zeros_give_the_same_mask():
    # A dataset with `gt_score` lists its negatives, one with `gt_label` does not.
    dense = full_labels(40, 12, density=0.3)
    for process in (ObserveCounts(1, 2), KeepRatio(0.5, seed=1)):
        listed = process(SparseLabels.from_dense(dense, rest=-1))
        assert listed.fingerprint() == process(as_sparse(dense)).fingerprint()


def test_unobserved_labels_of_the_source_stay_so():
    dense = np.random.RandomState(0).choice([1, 0, -1], (40, 12)).astype(np.int8)
    for process in (ObserveCounts(-1, -1), ObserveCounts(2, 2), KeepRatio(1.0), KeepRatio(0.5)):
        observed = to_dense(process(SparseLabels.from_dense(dense)))
        assert ((observed == dense) | (observed == -1)).all()
    kept = to_dense(ObserveCounts(-1, -1)(SparseLabels.from_dense(dense)))
    np.testing.assert_array_equal(kept, dense)


@pytest.mark.parametrize(('num_pos', 'num_neg'), [(-2, 0), (1, -3)])
def test_counts_below_all_are_refused(num_pos, num_neg):
    with pytest.raises(ValueError, match=f'num_pos={num_pos}, num_neg={num_neg}.*-1 for all'):
        ObserveCounts(num_pos, num_neg)


def test_observe_all_returns_every_known_label():
    dense = np.random.RandomState(0).choice([1, 0, -1], (10, 5)).astype(np.int8)
    labels = SparseLabels.from_dense(dense)
    np.testing.assert_array_equal(to_dense(ObserveAll()(labels)), dense)
    rows = SparseLabels.from_rows(ObserveAll().rows(labels), 5, rest=-1)
    np.testing.assert_array_equal(to_dense(rows), dense)


# Every process


# By the number of classes.
PROCESSES = {
    'all': lambda classes: ObserveAll(),
    'counts': lambda classes: ObserveCounts(2, 1),
    'single positive': lambda classes: SinglePositive(),
    'ratio': lambda classes: KeepRatio(0.5, seed=3),
    'ratio, torch': lambda classes: KeepRatio(0.5, seed=3, draws='torch'),
    'ratio, known': lambda classes: KeepRatio(0.5, seed=3, draws='known'),
    'biased': lambda classes: BiasedSinglePositive(range(1, classes + 1)),
    'biased, unrated': lambda classes: BiasedSinglePositive(
        [1] + [0] * (classes - 1), unrated='uniform'
    ),
    'per class': lambda classes: KnownPerClass(2, -1),
    'per class, balanced': lambda classes: KnownPerClass(2, 3, balanced=True),
}


def observe(name, labels) -> SparseLabels:
    return PROCESSES[name](labels.num_classes)(labels)


@pytest.mark.parametrize('name', PROCESSES)
@given(dense=DENSE, rest=st.sampled_from([0, -1]))
def test_observed_labels_are_those_of_the_annotation(name, dense, rest):
    labels = SparseLabels.from_dense(dense, rest)
    result = observe(name, labels)
    observed = to_dense(result)
    assert observed.shape == dense.shape
    assert ((observed == dense) | (observed == -1)).all()
    assert first_contradiction(result, labels) is None
    known = [(d != -1).sum() for d in (observed, dense)]
    assert known_share(result, labels) == (known[0] / known[1] if known[1] else 1)
    # Neither a second call nor the way the annotation is written changes the draws.
    assert observe(name, labels).fingerprint() == result.fingerprint()
    other = observe(name, SparseLabels.from_dense(dense, -1 - rest))
    np.testing.assert_array_equal(to_dense(other), observed)


@pytest.mark.parametrize('name', PROCESSES)
def test_rows_are_those_of_the_call(name):
    dense = part_labels(20, 8)
    labels = SparseLabels.from_dense(dense)
    rows = SparseLabels.from_rows(PROCESSES[name](8).rows(labels), 8, rest=-1)
    np.testing.assert_array_equal(to_dense(rows), to_dense(observe(name, labels)))


@pytest.mark.parametrize('name', PROCESSES)
def test_memory_does_not_grow_with_every_label(name):
    labels = few_listed(8000, 5000)  # 40 MB, were they written out as single bytes
    tracemalloc.start()
    try:
        observed = observe(name, labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(observed.values) > 1000
    assert peak < 16e6


def test_negatives_drawn_from_a_full_annotation_are_never_listed():
    listed = few_listed(8000, 5000)
    labels = SparseLabels(listed.indptr, listed.classes, np.ones_like(listed.values), 5000, 0)
    tracemalloc.start()
    try:
        observed = KnownPerClass(3, 2)(labels)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert observed.counts()['negative'] == 10000
    assert peak < 16e6


# Processes of other people
