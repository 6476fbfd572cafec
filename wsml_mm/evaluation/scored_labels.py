"""Annotated labels and their scores, class by class: what average precision is computed from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .area_under_roc import area_under_roc
from .average_precision import average_precision
from .class_order import ClassOrder
from .scorable import ClassKinds
from .score_matrix import ClassLabels, ScoreMatrix


class ScoredLabels:
    """The annotated labels of C classes with their scores, read one class after the other.

    Args:
        kinds: what is known of each class.
        classes: yields each class's scores (any reals, larger for more likely) and whether each is
            of a positive, as often as it is iterated.
    """

    def __init__(self, kinds: ClassKinds, classes: Iterable[ClassLabels]) -> None:
        self._kinds, self._classes = kinds, classes

    @classmethod
    def from_triples(
        cls, classes: ArrayLike, scores: ArrayLike, positive: ArrayLike, num_classes: int
    ) -> ScoredLabels:
        """Takes one (class, score, positive) triple a label; unannotated ones take no room.

        Args:
            classes: (K,) class indices in any order.
            scores: (K,).
            positive: (K,) bool.
            num_classes: C.

        Raises:
            ValueError: if a class is not of 0..C - 1.
        """
        order = ClassOrder(classes, scores, positive, num_classes)
        return cls(order.kinds(), order)

    @classmethod
    def from_dense(cls, pred: NDArray[np.floating], target: NDArray[np.integer]) -> ScoredLabels:
        """Takes the annotated entries of matrices, which are not copied.

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
        matrix = ScoreMatrix([(pred, target)])
        return cls(matrix.kinds(), matrix)

    def __len__(self) -> int:
        return len(self._kinds)

    def __iter__(self) -> Iterator[ClassLabels]:
        return iter(self._classes)

    def positives(self) -> NDArray[np.int64]:
        """Returns how many positive labels each class has, (C,)."""
        return self._kinds.positives

    def kinds(self) -> ClassKinds:
        """Returns what is known of each class."""
        return self._kinds

    def average_precision(self) -> NDArray[np.float64]:
        """Returns each class's average precision, 0 to 1, (C,).

        A class without a positive scores 0, one without a negative 1 whatever its scores, and one
        with nothing annotated NaN.
        """
        order, found = self._classes, None
        if isinstance(order, ClassOrder):
            found = order.average_precision()
        return self._each(average_precision) if found is None else found

    def area_under_roc(self) -> NDArray[np.float64]:
        """Returns each class's area under the ROC curve, 0 to 1, (C,).

        NaN for a class without a positive or without a negative.
        """
        return self._each(area_under_roc)

    def _each(self, score: Callable[[ArrayLike, ArrayLike], float]) -> NDArray[np.float64]:
        found = [score(*labels) if len(labels[0]) else np.nan for labels in self]
        return np.array(found, dtype=np.float64)


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
