"""What labels are drawn from: those of one kind by their rank, which need not be listed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.pairs import indptr_of
from wsml_mm.labels.sparse import SparseLabels


class Candidates:
    """The classes of each image whose label is `value`, numbered from 0 in ascending order.

    Memory is linear in the listed labels, even where the kind is what goes unlisted (the
    negatives of a full annotation).

    Args:
        labels: (N, C).
        value: 1, 0 or -1.

    Attributes:
        counts: (N,) candidates of each image.
        indptr: (N + 1,) and `classes`: the candidates as compressed rows; of an unlisted kind the
            classes that are none.
    """

    def __init__(self, labels: SparseLabels, value: int) -> None:
        self._listed = value != labels.rest
        self._width = labels.num_classes + 1
        # Of an unlisted kind the entries of the others are kept: the classes that ranks skip.
        entries = (labels.values == value) == self._listed
        self.classes: NDArray[np.int64] = labels.classes[entries].astype(np.int64)
        self.indptr: NDArray[np.int64] = indptr_of(entries)[labels.indptr]
        lengths = np.diff(self.indptr)
        self.counts: NDArray[np.int64] = lengths if self._listed else labels.num_classes - lengths

    def __len__(self) -> int:
        return len(self.counts)

    def at(self, rows: NDArray[np.int64], ranks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Returns the (K,) classes of K candidates.

        Args:
            rows: (K,) image positions.
            ranks: (K,) numbers among the image's candidates, below `counts[rows]`.
        """
        if self._listed:
            classes: NDArray[np.int64] = self.classes[self.indptr[rows] + ranks]
            return classes
        lengths = np.diff(self.indptr)
        row = np.repeat(np.arange(len(self)), lengths)
        # The j-th class skipped in a row has (class - j) candidates below it.
        below = self.classes - (np.arange(len(self.classes)) - np.repeat(self.indptr[:-1], lengths))
        found: NDArray[np.int64] = np.searchsorted(
            row * self._width + below, rows * self._width + ranks, side='right'
        )
        return ranks + found - self.indptr[rows]


def draw_distinct(rng: np.random.RandomState, size: int, count: int) -> NDArray[np.int64]:
    """Returns `count` distinct numbers below `size`, every subset equally likely.

    Time and memory are linear in `count`, not in `size`.
    """
    if count >= size:
        return np.arange(size)
    if 2 * count > size:
        return rng.permutation(size)[:count].astype(np.int64)
    drawn = np.zeros(0, np.int64)
    while len(drawn) < count:
        more = rng.randint(size, size=count - len(drawn), dtype=np.int64)
        drawn = np.unique(np.concatenate([drawn, more]))
    return drawn
