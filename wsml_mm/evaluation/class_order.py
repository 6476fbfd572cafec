"""Labels in any order, put in that of their classes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .label_keys import average_precisions, each_part, label_keys
from .scorable import ClassKinds
from .score_matrix import ClassLabels

_LABELS = 1 << 18  # of a block of classes: what is computed of it fits into the cache


class ClassOrder:
    """K annotated labels of C classes by class, the negatives of a class before its positives.

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
        kind = 2 * label + np.asarray(positive, dtype=bool)
        bounds, self._scores = _by_kind(kind, score, 2 * num_classes)
        self._starts, self._counts = bounds[::2], np.diff(bounds)

    def kinds(self) -> ClassKinds:
        """Returns what is known of each class."""
        return ClassKinds(self._counts[1::2], self._counts[::2])

    def __iter__(self) -> Iterator[ClassLabels]:
        parts = each_part(self._scores, self._starts)
        for scores, negatives in zip(parts, self._counts[::2], strict=True):
            yield scores, np.arange(len(scores)) >= negatives

    def average_precision(self) -> NDArray[np.float64] | None:
        """Returns what `ScoredLabels` does, of all classes at once; None: take one by one.

        Raises:
            ValueError: if a score is NaN or infinite.
        """
        negative = np.resize([True, False], len(self._counts)).repeat(self._counts)
        keys = label_keys(self._scores, negative)
        if keys is None:
            return None
        found = np.empty(len(self._starts) - 1)
        for first, stop in _blocks(self._starts):
            starts = self._starts[first : stop + 1]
            block, starts = keys[starts[0] : starts[-1]], starts - starts[0]
            for part in each_part(block, starts):
                part.sort()
            found[first:stop] = average_precisions(block, starts)
        return found


def _blocks(starts: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Yields blocks of classes of about `_LABELS` labels: the first, and the one after the last."""
    last = len(starts) - 1
    edges = np.searchsorted(starts, range(0, int(starts[last]), _LABELS))
    return pairwise(np.unique([0, *edges, last]).tolist())


def _by_kind(
    kinds: NDArray[np.int32], values: NDArray[Any], num_kinds: int
) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """Returns where each kind's values begin, and the values in the order of their kinds.

    One sparse row turned into columns: a counting sort, much faster than `argsort` and indexing.
    """
    from scipy.sparse import csr_array, get_index_dtype

    # Bounds of 64 bits would make all indices so.
    bounds = np.array([0, len(values)], get_index_dtype(maxval=len(values)))
    row = csr_array((values, kinds, bounds), shape=(1, num_kinds)).tocsc()
    return row.indptr.astype(np.int64), row.data
