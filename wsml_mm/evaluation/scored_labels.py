"""Annotated labels and their scores, class by class: what average precision is computed from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED, check_labels
from wsml_mm.labels.pairs import indptr_of

from .area_under_roc import area_under_roc
from .average_precision import average_precision
from .scorable import ClassKinds


@dataclass(frozen=True)
class ScoredLabels:
    """K annotated labels of C classes with their scores; unannotated ones take no room.

    Args:
        starts: (C + 1,) int64, class c's labels stand at starts[c]:starts[c + 1].
        scores: (K,) any real scores, larger for more likely.
        positive: (K,) bool.
    """

    starts: NDArray[np.int64]
    scores: NDArray[np.floating]
    positive: NDArray[np.bool_]

    @classmethod
    def from_triples(
        cls, classes: ArrayLike, scores: ArrayLike, positive: ArrayLike, num_classes: int
    ) -> ScoredLabels:
        """Sorts one (class, score, positive) triple a label by class.

        Args:
            classes: (K,) class indices in any order.
            scores: (K,).
            positive: (K,) bool.
            num_classes: C.
        """
        # Numpy sorts 16-bit integers by radix, in linear time.
        kind = np.uint16 if num_classes <= 1 << 16 else np.int64
        label = np.asarray(classes).astype(kind)
        order = np.argsort(label, kind='stable')
        return cls(
            indptr_of(np.bincount(label, minlength=num_classes)),
            np.asarray(scores)[order],
            np.asarray(positive, dtype=bool)[order],
        )

    @classmethod
    def from_dense(cls, pred: NDArray[np.floating], target: NDArray[np.integer]) -> ScoredLabels:
        """Takes the annotated entries of matrices.

        Args:
            pred: (N, C) scores.
            target: (N, C) of {1, 0, -1}; -1 is left out.

        Raises:
            ValueError: if the shapes differ, or a label is of another value.
        """
        if pred.shape != target.shape or pred.ndim != 2:
            raise ValueError(
                f'pred {pred.shape} and target {target.shape} must both be (N, C); check '
                'num_classes of the head'
            )
        check_labels(target)
        known = target.T != UNOBSERVED
        return cls(indptr_of(known.sum(axis=1)), pred.T[known], target.T[known] == POSITIVE)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def counts(self, chosen: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Returns how many of some labels each class has, (C,).

        Args:
            chosen: (K,) whether a label is counted.
        """
        hits = indptr_of(chosen)
        counted: NDArray[np.int64] = np.diff(hits[self.starts])
        return counted

    def positives(self) -> NDArray[np.int64]:
        """Returns how many positive labels each class has, (C,)."""
        return self.counts(self.positive)

    def kinds(self) -> ClassKinds:
        """Returns what is known of each class."""
        return ClassKinds(self.positives(), self.counts(~self.positive))

    def average_precision(self) -> NDArray[np.float64]:
        """Returns each class's average precision, 0 to 1, (C,).

        A class without a positive scores 0, one without a negative 1 whatever its scores, and one
        with nothing annotated NaN.
        """
        return self._each(average_precision)

    def area_under_roc(self) -> NDArray[np.float64]:
        """Returns each class's area under the ROC curve, 0 to 1, (C,).

        NaN for a class without a positive or without a negative.
        """
        return self._each(area_under_roc)

    def _each(self, score: Callable[[ArrayLike, ArrayLike], float]) -> NDArray[np.float64]:
        result = np.full(len(self), np.nan)
        for label in np.flatnonzero(np.diff(self.starts)):
            span = slice(self.starts[label], self.starts[label + 1])
            result[label] = score(self.scores[span], self.positive[span])
        return result


def class_average_precision(
    pred: NDArray[np.floating], target: NDArray[np.integer]
) -> NDArray[np.float64]:
    """Returns the (C,) average precision of each class over its annotated images, 0 to 1.

    A class without a positive scores 0, one without a negative 1 whatever its scores, and one with
    nothing annotated NaN.

    Args:
        pred: (N, C) scores.
        target: (N, C) of {1, 0, -1}; -1 is ignored.

    Raises:
        ValueError: if the shapes differ, a label is of another value, or the score of an annotated
            label is NaN or infinite.
    """
    return ScoredLabels.from_dense(pred, target).average_precision()
