"""Average precision as a pure function of scores and labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .ranking import Ranking


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Returns the average precision of one class, 0 to 1, or 0 where nothing is positive.

    AP = sum over distinct scores of (recall step) * precision, equal scores being one step: the
    definition of scikit-learn's `average_precision_score`, the metric of the field's tables. It is
    computed as the mean over positives of the precision at their score. Where everything is
    positive it is 1 whatever the scores.

    Args:
        scores: (N,) any real scores, larger for more likely.
        positive: (N,) bool.

    Raises:
        ValueError: if a score is NaN or infinite, or `positive` holds -1, say.
    """
    ranking = Ranking.of(scores, positive)
    if not len(ranking.positives):
        return 0.0
    hits = len(ranking.positives) - np.searchsorted(ranking.positives, ranking.positives)
    misses = ranking.negatives - ranking.below()
    return float((hits / (hits + misses)).mean())
