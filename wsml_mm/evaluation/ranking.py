"""Where the positives of one class stand among its negatives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .guards import class_scores

Scores = NDArray[np.floating]

_FEW = 4096  # negatives that are sorted at once


@dataclass(frozen=True)
class Ranking:
    """The scores of one class in ascending order.

    Args:
        positives: (P,) sorted scores.
        negatives: how many there are.
        near: sorted scores of the negatives that have to be compared with positives.
        far: how many of the other negatives have a smaller score than each positive, (P,).
    """

    positives: Scores
    negatives: int
    near: Scores
    far: NDArray[np.int64] | int = 0

    @classmethod
    def of(cls, scores: ArrayLike, positive: ArrayLike) -> Ranking:
        """Sorts values alone, in the precision they have: far cheaper than with their labels.

        Args:
            scores: (N,) any real scores.
            positive: (N,) bool.

        Raises:
            ValueError: if a score is NaN or infinite, or `positive` holds -1, say.
        """
        score, truth = class_scores(scores, positive)
        positives, negatives = score[truth], score[~truth]
        positives.sort()
        near, far = negatives, None
        if len(positives) and len(negatives) > _FEW:
            near, far = _split(positives, negatives)
        near.sort()
        return cls(positives, len(negatives), near, 0 if far is None else far)

    def below(self, side: Literal['left', 'right'] = 'left') -> NDArray[np.int64]:
        """Returns how many negatives have a smaller score than each positive, (P,).

        Args:
            side: 'right' counts those of equal score as well.
        """
        below: NDArray[np.int64] = np.searchsorted(self.near, self.positives, side) + self.far
        return below


def _split(positives: Scores, negatives: Scores) -> tuple[Scores, NDArray[np.int64] | None]:
    """Returns the negatives near a positive, and how many others are below each positive.

    Scores are put into cells of equal width, in their order: only negatives that share a cell with
    a positive need sorting. Where a sample says that most do, all are returned.
    """
    low = min(positives[0], negatives.min())
    high = max(positives[-1], negatives.max())
    with np.errstate(over='ignore', divide='ignore'):
        scale = min(8 * len(positives), 1 << 18) / (high - low)

    def cells(scores: Scores) -> NDArray[np.intp]:
        cell: NDArray[np.intp] = ((scores - low) * scale).astype(np.intp)  # rounding keeps order
        return cell

    if not 0 < scale < np.inf:
        return negatives, None
    own = cells(positives)
    is_near = np.zeros(int(cells(np.asarray(high))) + 1, dtype=bool)
    is_near[own] = True
    if is_near[cells(negatives[:: len(negatives) // 1024])].mean() > 0.5:
        return negatives, None
    cell = cells(negatives)
    count = np.bincount(cell, minlength=len(is_near))
    count[is_near] = 0
    return negatives[is_near[cell]], count.cumsum()[own]
