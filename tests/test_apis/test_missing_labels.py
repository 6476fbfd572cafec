"""How many labels are missing: by planted labels, and batch by batch as at once."""

from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.apis.missing_labels import ScoreCounts


def planted(seed, number=4000, share=0.3, seen=0.25):
    """Two classes; scores tell them well apart; a share of the positives is labelled at random."""
    rng = np.random.default_rng(seed)
    present = rng.random((number, 2)) < share
    logit = rng.normal(np.where(present, 3, -3), 1)
    labels = np.where(present & (rng.random(present.shape) < seen), 1, -1).astype(np.int8)
    return 1 / (1 + np.exp(-logit)), labels, present


def test_the_interval_holds_what_was_planted():
    inside = 0
    for seed in range(20):
        score, labels, present = planted(seed)
        counts = ScoreCounts(2)
        for part in np.array_split(np.arange(len(score)), 7):
            counts.add(score[part], labels[part])
        found, true = counts.missing(), (present & (labels != 1)).sum(0)
        assert (found.low <= found.estimate).all()
        assert (found.estimate <= found.high).all()
        np.testing.assert_allclose(found.estimate, true, rtol=0.15)
        inside += int(((found.low <= true) & (true <= found.high)).sum())
    assert inside >= 34  # of 40


def test_nothing_is_known_of_a_class_without_a_positive():
    counts = ScoreCounts(2)
    counts.add(np.array([[0.9, 0.0], [0.1, 1.0]]), np.array([[1, -1], [0, -1]], np.int8))
    found = counts.missing()
    assert found.estimate[0] == pytest.approx(0)  # both labels are known
    assert np.isnan(found.estimate[1])
    assert counts.observed(1).tolist() == [1, 0]
    assert counts.observed(0).tolist() == [1, 0]
