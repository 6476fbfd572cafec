"""Average precision as a pure function of scores and labels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .guards import class_scores


def average_precision(scores: ArrayLike, positive: ArrayLike) -> float:
    """Returns the average precision of one class, 0 to 1, or 0 where nothing is positive.

    AP = sum over distinct scores of (recall step) * precision, equal scores being one step: the
    definition of scikit-learn's `average_precision_score`, the metric of the field's tables. Where
    everything is positive it is 1 whatever the scores.

    Args:
        scores: (N,) any real scores, larger for more likely.
        positive: (N,) bool.

    Raises:
        ValueError: if a score is NaN or infinite, or `positive` holds -1, say.
    """
    score, truth = class_scores(scores, positive)
    if not truth.any():
        return 0.0
    order = np.argsort(-score, kind='stable')
    ranked = score[order]
    last_of_level = np.append(np.flatnonzero(ranked[1:] != ranked[:-1]), len(score) - 1)
    hits = np.cumsum(truth[order])[last_of_level]
    precision = hits / (last_of_level + 1)
    steps = np.diff(hits, prepend=0) / hits[-1]
    return float((steps * precision).sum())
