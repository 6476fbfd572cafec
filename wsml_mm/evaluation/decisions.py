"""Precision, recall and F1 of thresholded scores, from annotated labels only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .scored_labels import ScoredLabels


@dataclass(frozen=True)
class Decisions:
    """How many labels of each class were decided how, (C,) each.

    Args:
        hits: positive, and taken for positive.
        taken: annotated, and taken for positive.
        positives: positive.
    """

    hits: NDArray[np.int64]
    taken: NDArray[np.int64]
    positives: NDArray[np.int64]

    @classmethod
    def of(cls, labels: ScoredLabels, thresholds: NDArray[np.float64]) -> Decisions:
        """Takes a label for positive where its score is at least its class's threshold.

        Args:
            labels: of C classes.
            thresholds: (C,).
        """
        found = np.zeros((len(labels), 2), np.int64)
        for row, (scores, positive), least in zip(found, labels, thresholds, strict=True):
            # In the precision of the scores, as a float32 of 0.7 is below 0.7.
            taken = scores >= scores.dtype.type(least)
            row[:] = np.count_nonzero(taken & positive), np.count_nonzero(taken)
        return cls(found[:, 0], found[:, 1], labels.positives())

    def of_classes(self, which: NDArray[np.bool_]) -> Decisions:
        """Returns those of some classes."""
        return Decisions(self.hits[which], self.taken[which], self.positives[which])

    def together(self) -> Decisions:
        """Returns those of all classes as one, (1,) each."""
        sums = (np.atleast_1d(part.sum()) for part in (self.hits, self.taken, self.positives))
        return Decisions(*sums)

    @property
    def precision(self) -> NDArray[np.float64]:
        """The share of labels taken for positive that are; 0 where none was taken."""
        return _share(self.hits, self.taken)

    @property
    def recall(self) -> NDArray[np.float64]:
        """The share of positive labels that were taken for positive; 0 where there are none."""
        return _share(self.hits, self.positives)

    @property
    def f1(self) -> NDArray[np.float64]:
        """The harmonic mean of precision and recall; 0 where both are."""
        return _share(2 * self.hits, self.taken + self.positives)


def harmonic(one: float, other: float) -> float:
    """Returns the harmonic mean of two numbers, 0 where both are 0."""
    return 2 * one * other / (one + other) if one + other else 0.0


def _share(part: NDArray[np.int64], whole: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.divide(part, whole, out=np.zeros(len(whole)), where=whole > 0)
