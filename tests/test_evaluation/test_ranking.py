from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score, roc_auc_score

from wsml_mm.evaluation import area_under_roc, average_precision
from wsml_mm.evaluation.ranking import Ranking


def test_positives_and_negatives_in_order_as_precise_as_they_came():
    scores = np.array([0.3, 0.1, 0.2, 0.4, 0.0, 0.2], np.float32)
    ranking = Ranking.of(scores, np.array([True, False, True, False, False, False]))
    assert ranking.positives.dtype == ranking.near.dtype == np.float32
    assert ranking.positives.tolist() == scores[[2, 0]].tolist()
    assert ranking.negatives == 4
    assert ranking.below().tolist() == [2, 3]
    assert ranking.below('right').tolist() == [3, 3]
    for other in (np.float16, np.float64, np.int8):
        assert Ranking.of(scores.astype(other), scores > 0).near.dtype == np.float64


def test_signed_zeros_tie():
    for positive in ([0, 1, 0, 1], [1, 0, 1, 0]):
        assert average_precision([0.0, -0.0, -0.0, 0.0], positive) == 0.5
        assert area_under_roc([0.0, -0.0, -0.0, 0.0], positive) == 0.5
    assert average_precision(np.array([-0.0, 0.0], np.float32), [0, 1]) == 0.5


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_subnormal_and_huge_scores_are_separated(dtype):
    tiny = np.array([0, 1, 2, 3]) * np.nextafter(dtype(0), dtype(1))
    huge = np.array([np.finfo(dtype).max, -np.finfo(dtype).max], dtype)
    for scores in (tiny, -tiny[::-1], np.concatenate([huge[1:], tiny, huge[:1]])):
        assert len(np.unique(scores)) == len(scores)
        assert average_precision(scores, np.arange(len(scores)) >= len(scores) - 2) == 1
        assert area_under_roc(scores, np.arange(len(scores)) < 2) == 0


EDGES = [0.0, -0.0, 1e-45, -1e-45, 0.25, 0.5, np.nextafter(0.5, 1), 1.0, 3e38, -3e38]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@given(data=st.data())
def test_cells_change_nothing(dtype, data):
    elements = st.sampled_from(EDGES) | st.floats(-10, 10) | st.floats(0, 1e-30)
    scores = data.draw(
        st.lists(elements, min_size=2, max_size=60).map(lambda x: np.array(x, dtype))
    )
    positive = data.draw(hnp.arrays(np.bool_, scores.shape))
    wide = np.repeat(scores, 1100), np.repeat(positive, 1100)  # more than are sorted at once
    wide[0][::7] *= dtype(0.9)
    ranking = Ranking.of(*wide)
    mine, others = wide[0][wide[1]], np.sort(wide[0][~wide[1]])
    mine.sort()
    assert ranking.negatives == len(others)
    for side in ('left', 'right'):
        due = np.searchsorted(others, mine, side)
        np.testing.assert_array_equal(ranking.below(side), due)


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_few_negatives_are_sorted_where_positives_are_few(dtype):
    random = np.random.default_rng(0)
    for logits in (random.normal(size=50_000), 30 * random.random(50_000) - 40):
        for scores in (logits, 1 / (1 + np.exp(-logits))):
            scores = scores.astype(dtype)
            positive = random.random(50_000) < 0.02
            ranking = Ranking.of(scores, positive)
            due = average_precision_score(positive, scores)
            assert average_precision(scores, positive) == pytest.approx(due, abs=1e-12)
            due = roc_auc_score(positive, scores)
            assert area_under_roc(scores, positive) == pytest.approx(due, abs=1e-12)
            if logits.min() > -10:
                assert len(ranking.near) < 0.3 * ranking.negatives
