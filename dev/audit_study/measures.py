"""How well a score ranks hidden positive labels among the unobserved ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from wsml_mm.evaluation.average_precision import average_precision
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED

BUDGET = 0.1  # share of the unobserved labels that somebody looks at
FIRST = (100, 500)  # lengths of lists
MEASURES = ('AUPRC', 'macro AUPRC', *(f'precision at {k}' for k in FIRST), 'recall at 10 %')

Array = NDArray[np.floating]


def measures(score: Array, labels: NDArray[np.int8], truth: NDArray[np.int8]) -> dict[str, float]:
    """Returns how a ranking of the unobserved labels finds the positive ones, 0 to 1 each.

    Args:
        score: (N, C), the first of the list highest.
        labels: (N, C) observed, of {1, 0, -1}.
        truth: (N, C); what is not known in it does not count.

    Returns:
        `MEASURES`: area under precision and recall of all labels together and its mean over the
        classes with a hidden positive, the share of positives among the first `FIRST`, and the
        share of the positives that is among the first `BUDGET` of the labels.
    """
    asked = (labels == UNOBSERVED) & (truth != UNOBSERVED)
    hidden = asked & (truth == POSITIVE)
    found = {'AUPRC': average_precision(score[asked], hidden[asked])}
    by_class = [
        average_precision(score[asked[:, c], c], hidden[asked[:, c], c])
        for c in np.flatnonzero(hidden.any(0))
    ]
    found['macro AUPRC'] = float(np.mean(by_class)) if by_class else float('nan')
    right = hidden[asked][np.argsort(-score[asked], kind='stable')]
    for count in FIRST:
        found[f'precision at {count}'] = float(right[:count].mean())
    first = right[: round(BUDGET * len(right))]
    found['recall at 10 %'] = float(first.sum() / max(right.sum(), 1))
    return found


def chance(labels: NDArray[np.int8], truth: NDArray[np.int8]) -> Mapping[str, float]:
    """Returns the number of unobserved and of hidden positive labels, and the share of these."""
    asked = (labels == UNOBSERVED) & (truth != UNOBSERVED)
    hidden = int((asked & (truth == POSITIVE)).sum())
    return {'unobserved': int(asked.sum()), 'hidden': hidden, 'share': hidden / int(asked.sum())}


def ordered(first: Array, then: Array) -> NDArray[np.float64]:
    """Returns a score that ranks by one score, and what is equal in it by another.

    Args:
        first: (N, C).
        then: (N, C).
    """
    order = np.lexsort((-then.reshape(-1), -first.reshape(-1)))
    score = np.empty(first.size)
    score[order] = -np.arange(first.size)
    return score.reshape(first.shape)
