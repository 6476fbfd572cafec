"""The area under the ROC curve as a pure function of scores and labels."""

from __future__ import annotations

import math

from numpy.typing import ArrayLike

from .ranking import Ranking


def area_under_roc(scores: ArrayLike, positive: ArrayLike) -> float:
    """Returns the area under the ROC curve of one class, 0 to 1.

    The share of the pairs of a positive and a negative in which the positive has the larger score,
    equal scores counting half: scikit-learn's `roc_auc_score`. NaN without a pair.

    Args:
        scores: (N,) any real scores, larger for more likely.
        positive: (N,) bool.

    Raises:
        ValueError: if a score is NaN or infinite, or `positive` holds -1, say.
    """
    ranking = Ranking.of(scores, positive)
    pairs = len(ranking.positives) * ranking.negatives
    if not pairs:
        return math.nan
    twice = ranking.below().sum() + ranking.below('right').sum()
    return float(twice / (2 * pairs))
