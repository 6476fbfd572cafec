"""Labels in any order, put in that of their classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsml_mm.labels.pairs import indptr_of

from .scorable import ClassKinds
from .score_matrix import ClassLabels


class ClassOrder:
    """K annotated labels of C classes by class.

    Args:
        classes: (K,) class indices in any order.
        scores: (K,) any real scores.
        positive: (K,) bool.
        num_classes: C.

    Raises:
        ValueError: if a class is not of 0..C - 1.
    """

    def __init__(
        self, classes: ArrayLike, scores: ArrayLike, positive: ArrayLike, num_classes: int
    ) -> None:
        label = np.asarray(classes, dtype=np.int32)
        if len(label) and not 0 <= label.min() <= label.max() < num_classes:
            raise ValueError(
                f'classes {label.min()} to {label.max()} are not all of 0..{num_classes - 1}; '
                'check num_classes'
            )
        score = np.asarray(scores)
        if score.dtype != np.float32:
            score = score.astype(np.float64, copy=False)
        self._starts, self._scores = _by_class(label, score, num_classes)
        _, self._positive = _by_class(label, np.asarray(positive, dtype=bool), num_classes)

    def kinds(self) -> ClassKinds:
        """Returns what is known of each class."""
        positives = np.diff(indptr_of(self._positive)[self._starts])
        return ClassKinds(positives, np.diff(self._starts) - positives)

    def __iter__(self) -> Iterator[ClassLabels]:
        for first, stop in zip(self._starts[:-1], self._starts[1:], strict=True):
            yield self._scores[first:stop], self._positive[first:stop]


def _by_class(
    classes: NDArray[np.int32], values: NDArray[Any], num_classes: int
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Returns where each class's values begin, and the values in the order of their classes.

    One sparse row turned into columns: a counting sort, much faster than `argsort` and indexing.
    """
    from scipy.sparse import csr_array, get_index_dtype

    # Bounds of 64 bits would make all indices so.
    bounds = np.array([0, len(values)], get_index_dtype(maxval=len(values)))
    row = csr_array((values, classes, bounds), shape=(1, num_classes)).tocsc()
    return row.indptr.astype(np.int64), row.data
