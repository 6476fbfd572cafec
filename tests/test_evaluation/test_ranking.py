from __future__ import annotations

import numpy as np
import pytest

from wsml_mm.evaluation import area_under_roc, average_precision
from wsml_mm.evaluation.ranking import ranked


def test_positives_and_negatives_in_order_as_precise_as_they_came():
    scores = np.array([0.3, 0.1, 0.2, 0.4, 0.0], np.float32)
    hits, others = ranked(scores, np.array([True, False, True, False, False]))
    assert hits.dtype == others.dtype == np.float32
    assert hits.tolist() == scores[[2, 0]].tolist()
    assert others.tolist() == scores[[4, 1, 3]].tolist()
    for other in (np.float16, np.float64, np.int8):
        assert ranked(scores.astype(other), scores > 0)[0].dtype == np.float64


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
