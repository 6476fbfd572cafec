from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.datasets import holdout_indices
from wsml_mm.datasets.holdout import SplitPart, fold_numbers, subsample_indices


@pytest.mark.parametrize('count', [1, 2, 3, 7, 12, 13, 100, 5717])
@pytest.mark.parametrize(('fraction', 'seed'), [(0.2, 1200), (0.5, 1200), (0.25, 3), (1.0, 0)])
def test_holdout_equals_the_published_split(count, fraction, seed, reference):
    train, val = (holdout_indices(count, part, fraction, seed) for part in ('train', 'val'))
    expected = reference.split(count, fraction, seed)
    np.testing.assert_array_equal(train, expected[0])
    np.testing.assert_array_equal(val, expected[1])
    assert train.dtype == val.dtype == np.int64
    np.testing.assert_array_equal(np.sort(np.concatenate([train, val])), np.arange(count))


@pytest.mark.parametrize(
    ('count', 'fraction', 'held'),
    # The published sizes of VOC, COCO, NUS and CUB, then halves, which round to even.
    [
        (5717, 0.2, 1143),
        (82081, 0.2, 16416),
        (150000, 0.2, 30000),
        (5994, 0.2, 1199),
        (5, 0.5, 2),
        (7, 0.5, 4),
        (2, 0.2, 0),
        (3, 0.2, 1),
    ],
)
def test_holdout_sizes(count, fraction, held):
    assert len(holdout_indices(count, 'val', fraction, 1200)) == held
    assert len(holdout_indices(count, 'train', fraction, 1200)) == count - held


def test_without_a_holdout_nothing_is_drawn(monkeypatch):
    monkeypatch.setattr(np.random, 'RandomState', None)
    np.testing.assert_array_equal(SplitPart().positions(9), np.arange(9))


def test_holdout_of_nothing_and_of_all():
    np.testing.assert_array_equal(holdout_indices(9, 'train', 0, 1), np.arange(9))
    np.testing.assert_array_equal(holdout_indices(9, 'val', 1, 1), np.arange(9))
    assert len(holdout_indices(9, 'val', 0, 1)) == len(holdout_indices(9, 'train', 1, 1)) == 0


def test_holdout_errors():
    with pytest.raises(ValueError, match="part='test': use"):
        holdout_indices(9, 'test', 0.2, 1)
    for fraction in (-0.1, 1.1, 20):
        with pytest.raises(ValueError, match=rf'fraction={fraction}.*0\.\.1'):
            holdout_indices(9, 'val', fraction, 1)


def test_a_part_is_taken_step_by_step():
    whole = SplitPart().positions(10)
    assert whole.tolist() == [*range(10)]
    holdout, subsample = dict(part='train', seed=3), dict(fraction=0.5)
    train = holdout_indices(10, 'train', 0.2, 3)
    assert SplitPart(holdout).positions(10).tolist() == train.tolist()
    half = train[subsample_indices(8, 0.5)]
    assert SplitPart(holdout, subsample).positions(10).tolist() == half.tolist()
    assert SplitPart(holdout, subsample, 3).positions(10).tolist() == half[:3].tolist()
    assert SplitPart(holdout, subsample, -1).positions(10).tolist() == half[:-1].tolist()
    assert SplitPart(holdout, subsample, [2, -4]).positions(10).tolist() == half[[2, 0]].tolist()
    assert SplitPart(holdout, subsample, []).positions(10).tolist() == []


@pytest.mark.parametrize('index', [4, -5])
def test_positions_outside_a_part_are_refused(index):
    part = SplitPart(dict(part='train'), dict(fraction=0.5), [0, index])
    with pytest.raises(IndexError, match=rf'indices: {index} is outside 0\.\.3, .*holdout='):
        part.positions(10)


def test_folds_are_even_parts_of_a_random_share():
    numbers = fold_numbers(23, 4, seed=7)
    assert sorted(np.bincount(numbers)) == [5, 6, 6, 6]
    share = SplitPart(None, dict(fraction=0.5, seed=7)).positions(46)
    parts = [
        SplitPart(None, dict(fraction=0.5, seed=7, folds=4, without=k)).positions(46)
        for k in range(4)
    ]
    for k, part in enumerate(parts):
        np.testing.assert_array_equal(part, share[numbers != k])


@pytest.mark.parametrize(
    ('subsample', 'message'),
    [
        (dict(folds=4), 'folds and without go together'),
        (dict(folds=4, without=4), r'without=4: name one of the folds 0\.\.3'),
        (dict(folds=1, without=0), 'folds=1: give at least 2, and no more than the 9 images'),
        (dict(folds=10, without=0), 'folds=10: give at least 2'),
        (dict(seed=3), 'says no share; give fraction'),
    ],
)
def test_folds_that_are_refused(subsample, message):
    with pytest.raises(ValueError, match=message):
        SplitPart(None, subsample).positions(9)
