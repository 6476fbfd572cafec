from __future__ import annotations

import numpy as np
import pytest
from label_samples import as_sparse, full_labels, names_of, part_labels, to_dense
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import KnownPerClass, known_share, observe_split
from wsml_mm.labels import SparseLabels


def column_counts(dense, value) -> np.ndarray:
    return (dense == value).sum(axis=0)


@pytest.mark.parametrize(('num_pos', 'num_neg'), [(3, 5), (0, 2), (-1, 7), (4, -1), (-1, -1)])
@pytest.mark.parametrize('make', [full_labels, part_labels])
def test_counts_of_every_class(num_pos, num_neg, make):
    dense = make(80, 12)
    labels = SparseLabels.from_dense(dense)
    result = KnownPerClass(num_pos, num_neg, seed=3)(labels)
    observed = to_dense(result)
    assert ((observed == dense) | (observed == -1)).all()
    total = 0
    for value, limit in ((1, num_pos), (0, num_neg)):
        available = column_counts(dense, value)
        expected = available if limit == -1 else np.minimum(available, limit)
        np.testing.assert_array_equal(column_counts(observed, value), expected)
        total += expected.sum()
    assert known_share(result, labels) == total / (dense != -1).sum()


def test_balanced_keeps_equally_many_of_both():
    dense = full_labels(200, 15, density=0.1)
    observed = to_dense(KnownPerClass(20, 30, balanced=True)(as_sparse(dense)))
    expected = np.minimum(np.minimum(column_counts(dense, 1), column_counts(dense, 0)), 20)
    assert 0 < expected.min() < expected.max() == 20
    for value in (0, 1):
        np.testing.assert_array_equal(column_counts(observed, value), expected)
    observed = to_dense(KnownPerClass(-1, -1, balanced=True)(as_sparse(dense)))
    np.testing.assert_array_equal(column_counts(observed, 0), column_counts(dense, 1))


def test_numbers_by_class():
    dense = full_labels(100, 3, density=0.4)
    names = names_of(100, 3)
    process = TASK_UTILS.build(
        dict(
            type='KnownPerClass',
            num_pos={'class_1': -1, 'class_2': 2, 'class_0': 0},
            num_neg=[1, 2, 3],
        )
    )
    observed = to_dense(observe_split(process, as_sparse(dense), names))
    assert column_counts(observed, 1).tolist() == [0, column_counts(dense, 1)[1], 2]
    assert column_counts(observed, 0).tolist() == [1, 2, 3]


@pytest.mark.parametrize(('num_pos', 'num_neg'), [(2, 1), (6, 6)])  # few, and most of the images
def test_every_image_is_equally_likely(num_pos, num_neg):
    dense = np.array([[1, 1]] * 8 + [[0, -1]] * 9, np.int8)
    times, rounds = np.zeros(dense.shape), 1500
    for seed in range(rounds):
        observed = KnownPerClass(num_pos, num_neg, seed)(SparseLabels.from_dense(dense))
        times += to_dense(observed) != -1
    assert (times[8:, 1] == 0).all()
    for part, count in ((times[:8, 0], num_pos), (times[:8, 1], num_pos), (times[8:, 0], num_neg)):
        share = count / len(part)
        spread = np.sqrt(rounds * share * (1 - share))
        assert (np.abs(part - rounds * share) < 4.5 * spread).all()


def test_seeds():
    labels = as_sparse(full_labels(60, 10, density=0.3))
    first = KnownPerClass(3, 3)(labels).fingerprint()
    assert KnownPerClass(3, 3)(labels).fingerprint() == first
    assert KnownPerClass(3, 3, seed=1)(labels).fingerprint() != first


@pytest.mark.parametrize('wrong', [-2, 1.5])
def test_what_is_no_number_of_labels(wrong):
    labels = as_sparse(full_labels(5, 2))
    with pytest.raises(ValueError, match=rf'num_neg: {wrong:g} .*labels.*-1 for all'):
        KnownPerClass(1, [1, wrong])(labels)
