"""Oracle: the published semantic bias, a dense row of weights an image, drawn by Python."""

from __future__ import annotations

import random

import numpy as np
import pytest
from label_samples import as_sparse, full_labels, names_of, part_labels, to_dense
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets import BiasedSinglePositive, known_share, observe_split
from wsml_mm.labels import SparseLabels


def published(dense, rates, seed, unrated) -> np.ndarray:
    random.seed(seed)
    observed = np.full_like(dense, -1)
    for row, out in zip(dense, observed, strict=True):
        weights = [rate if label == 1 else 0 for rate, label in zip(rates, row, strict=True)]
        if any(weights):
            out[random.choices(range(len(row)), weights)[0]] = 1
        elif unrated == 'uniform' and (row == 1).any():
            out[random.choice(np.flatnonzero(row == 1).tolist())] = 1
    return observed


@pytest.mark.parametrize('unrated', ['none', 'uniform'])
@pytest.mark.parametrize('seed', [1200, 4])
@pytest.mark.parametrize('make', [full_labels, part_labels])
def test_draws_equal_the_published_ones(unrated, seed, make):
    dense = make(400, 30)
    rates = np.random.RandomState(seed).rand(30)
    rates[::2] = 0
    process = BiasedSinglePositive(rates.tolist(), seed, unrated)
    for rest in (0, -1):
        observed = to_dense(process(SparseLabels.from_dense(dense, rest)))
        np.testing.assert_array_equal(observed, published(dense, rates, seed, unrated))


def test_one_positive_of_each_image_that_has_a_rated_one():
    dense = full_labels(300, 20, density=0.1)
    labels = as_sparse(dense)
    rates = np.arange(20) % 4
    observed = to_dense(BiasedSinglePositive(rates)(labels))
    rated = (dense * rates).any(axis=1)
    assert not rated.all()
    np.testing.assert_array_equal((observed == 1).sum(axis=1), rated)
    assert set(np.unique(observed)) == {1, -1}
    assert (dense[observed == 1] == 1).all()
    assert (rates[np.nonzero(observed == 1)[1]] > 0).all()
    assert known_share(BiasedSinglePositive(rates)(labels), labels) == rated.sum() / dense.size


def test_frequencies_follow_the_rates():
    dense = np.tile(np.array([1, 0, 1, 1, 0, 1], np.int8), (9000, 1))
    rates = np.array([1, 9, 2, 0, 9, 3])
    drawn = (to_dense(BiasedSinglePositive(rates, seed=0)(as_sparse(dense))) == 1).sum(axis=0)
    assert drawn[[1, 3, 4]].tolist() == [0, 0, 0]
    expected = 9000 * rates[[0, 2, 5]] / 6
    chi_squared = ((drawn[[0, 2, 5]] - expected) ** 2 / expected).sum()
    assert chi_squared < 13.8  # p = 0.001, 2 degrees of freedom


def test_scale_of_the_rates_does_not_matter():
    labels = as_sparse(full_labels(200, 20, density=0.3))
    rates = np.arange(1, 21)
    first = BiasedSinglePositive(rates)(labels).fingerprint()
    assert BiasedSinglePositive(rates * 0.5)(labels).fingerprint() == first
    assert BiasedSinglePositive(rates, seed=1)(labels).fingerprint() != first
    assert BiasedSinglePositive(rates[::-1])(labels).fingerprint() != first


@pytest.mark.parametrize('rates', [[0.1] * 9 + [0], [0, 5e-324, 0, 0, 0, 0, 0, 0, 0, 0]])
def test_draws_stay_among_the_positives(rates, monkeypatch):
    monkeypatch.setattr(random.Random, 'random', lambda self: 1 - 2**-53)  # the greatest
    observed = to_dense(BiasedSinglePositive(rates)(as_sparse(np.ones((2, 10), np.int8))))
    assert (np.nonzero(observed == 1)[1] == np.flatnonzero(rates)[-1]).all()


def test_names_in_a_config():
    dense = full_labels(50, 3, density=0.6)
    rates = {'class_2': 3, 'class_0': 1, 'class_1': 0}
    process = TASK_UTILS.build(dict(type='BiasedSinglePositive', rates=rates, seed=5))
    observed = observe_split(process, as_sparse(dense), names_of(50, 3))
    expected = published(dense, [1, 0, 3], 5, 'none')
    np.testing.assert_array_equal(to_dense(observed), expected)
