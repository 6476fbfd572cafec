from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.labels import SparseLabels
from wsml_mm.labels.class_priors import (
    counted_priors,
    crisp_priors,
    expected_positives,
    is_single_positive,
    mean_priors,
    observed_bounds,
)


def one_class(scores, labelled):
    positive = np.zeros((len(scores), 1), bool)
    positive[labelled] = True
    return crisp_priors(np.array(scores)[:, None], positive)


def test_crisp_by_hand():
    assert one_class([0.9, 0.8, 0.7, 0.4, 0.2, 0.1], [0, 2]).prior == pytest.approx([0.5])
    found = one_class([0.95, 0.9, 0.85, 0.3, 0.2, 0.15, 0.1, 0.05], [0, 1, 3])
    assert found.prior == pytest.approx([0.5])
    assert found.low == pytest.approx([3 / 8])
    assert found.high == [1]  # the bound is above 1: so few images say little


def plain(scores, labelled, delta=0.01, tau=0.01):
    """The minimum over all thresholds, written out."""
    best = (math.inf, 0.0)
    positives = [s for s, y in zip(scores, labelled, strict=True) if y]
    n, k = len(scores), len(positives)
    for z in sorted(set(scores), reverse=True):
        q = sum(s >= z for s in scores) / n
        qp = sum(s >= z for s in positives) / k
        if qp:
            root = math.sqrt(math.log(4 / delta) / (2 * n)) + math.sqrt(
                math.log(4 / delta) / (2 * k)
            )
            best = min(best, (q / qp + (1 + tau) / qp * root, q / qp), key=lambda pair: pair[0])
    return best


@settings(max_examples=60, deadline=None, database=None)
@given(
    st.lists(
        st.tuples(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.75, 1.0]), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_crisp_is_the_minimum_over_all_thresholds(images):
    scores, labelled = zip(*images, strict=True)
    found = one_class(scores, [i for i, y in enumerate(labelled) if y])
    if not any(labelled):
        assert np.isnan(found.prior[0])
        return
    bound, prior = plain(scores, labelled)
    assert found.prior[0] == pytest.approx(max(min(prior, 1), sum(labelled) / len(scores)))
    assert found.high[0] == pytest.approx(max(min(bound, 1), sum(labelled) / len(scores)))
    assert found.low[0] <= found.prior[0] <= found.high[0] + 1e-12


def test_crisp_finds_the_share_where_scores_tell_the_classes_apart():
    rng = np.random.default_rng(0)
    truth = rng.random((4000, 3)) < [0.1, 0.3, 0.6]
    scores = 1 / (1 + np.exp(-rng.normal(np.where(truth, 3, -3), 1)))
    labelled = truth & (rng.random(truth.shape) < 0.4)
    found = crisp_priors(scores, labelled)
    assert found.prior == pytest.approx(truth.mean(0), abs=0.04)
    assert (found.high >= truth.mean(0)).all()
    assert (found.low <= truth.mean(0)).all()
    assert expected_positives(found.prior) == pytest.approx(truth.sum(1).mean(), abs=0.1)


def test_the_mean_of_calibrated_scores():
    scores = np.array([[0.2, 1.0], [0.4, 0.0], [0.6, 0.5]])
    found = mean_priors(scores)
    assert found.prior == pytest.approx([0.4, 0.5])
    spread = 2 * scores.std(0) / math.sqrt(3)
    assert found.low == pytest.approx(np.maximum(found.prior - spread, 0))
    assert found.high == pytest.approx(np.minimum(found.prior + spread, 1))
    assert np.isnan(mean_priors(np.zeros((0, 2))).prior).all()


def test_what_labels_alone_say():
    labels = SparseLabels.from_dense(np.array([[1, 0, -1], [1, -1, -1], [-1, 0, -1], [0, -1, 1]]))
    found = observed_bounds(labels)
    assert np.isnan(found.prior).all()
    assert found.low == pytest.approx([0.5, 0, 0.25])
    assert found.high == pytest.approx([0.75, 0.5, 1])
    assert not is_single_positive(labels)
    assert is_single_positive(SparseLabels.from_dense(np.array([[1, -1], [-1, 1]])))
    assert not is_single_positive(SparseLabels.from_dense(np.array([[1, 0], [-1, 1]])))


@pytest.mark.parametrize(
    ('act', 'says'),
    [
        (lambda: crisp_priors(np.zeros((3, 2)), np.zeros((2, 2))), 'must be of one shape'),
        (lambda: crisp_priors([[0.1, math.nan]], [[1, 0]]), r'score \[0, 1\] is nan'),
        (lambda: crisp_priors([[0.1]], [[1]], delta=0), 'delta=0: a probability'),
        (lambda: crisp_priors([[0.1]], [[1]], tau=-1), 'tau=-1: a number'),
        (lambda: mean_priors([[3.0]]), 'scores run from 3 to 3; the mean needs probabilities'),
        (lambda: mean_priors([0.1]), r'scores \(1,\) must be \(images, classes\)'),
        (lambda: expected_positives([0.1, math.nan]), 'class prior 1 is nan; each must lie'),
        (lambda: expected_positives([1.5]), 'class prior 0 is 1.5'),
    ],
)
def test_what_cannot_be_is_refused(act, says):
    with pytest.raises(ValueError, match=says):
        act()


def test_counted_priors_are_crisps_where_bins_are_as_fine_as_scores():
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 16, (300, 3))
    positive = rng.random((300, 3)) < (scores / 16) ** 2
    positive[:, 2] = False
    every = np.stack([np.bincount(s, minlength=16) for s in scores.T])
    labelled = np.stack(
        [np.bincount(s[p], minlength=16) for s, p in zip(scores.T, positive.T, strict=True)]
    )
    found, expected = counted_priors(every, labelled), crisp_priors(scores, positive)
    np.testing.assert_allclose(found.prior, expected.prior)
    assert (found.low[:2] <= found.prior[:2]).all()
    assert (found.prior[:2] <= found.high[:2]).all()
    assert np.isnan(found.low[2])
