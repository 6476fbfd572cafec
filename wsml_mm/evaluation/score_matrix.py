"""Scores and labels as matrices, read a few classes at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED, check_labels

from .scorable import ClassKinds

ClassLabels = tuple[NDArray[np.floating], NDArray[np.bool_]]
Part = tuple[NDArray[np.floating], NDArray[np.integer]]

_ROWS = 2048  # read at a time, so that lines of memory stay in the cache
_ENTRIES = 1 << 20  # of a block of classes
_CLASSES = 16  # of a block at least: one cache line of a row of float32


class ScoreMatrix:
    """N images' scores and labels of C classes in parts, each with all classes of some images.

    The parts are only read; a block of classes is copied at a time.

    Args:
        parts: (n, C) scores and (n, C) labels of {1, 0, -1} each, at least one.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts = [
            (scores[first : first + _ROWS], labels[first : first + _ROWS])
            for scores, labels in parts
            for first in range(0, max(len(labels), 1), _ROWS)
        ]
        self._images = sum(len(scores) for scores, _ in parts)

    def kinds(self) -> ClassKinds:
        """Returns what is known of each class.

        Raises:
            ValueError: if a label is of another value.
        """
        width = self._parts[0][1].shape[1]
        positives, negatives = np.zeros(width, np.int64), np.zeros(width, np.int64)
        for _, labels in self._parts:
            if labels.dtype != np.bool_:
                check_labels(labels)
            positives += (labels == POSITIVE).sum(axis=0, dtype=np.int32)
            negatives += (labels == NEGATIVE).sum(axis=0, dtype=np.int32)
        return ClassKinds(positives, negatives)

    def __iter__(self) -> Iterator[ClassLabels]:
        """Yields each class's annotated scores, and whether each is of a positive."""
        width = self._parts[0][1].shape[1]
        step = max(_CLASSES, _ENTRIES // max(self._images, 1))
        for first in range(0, width, step):
            block = slice(first, min(first + step, width))
            for scores, labels in zip(self._block(0, block), self._block(1, block), strict=True):
                known = labels != UNOBSERVED
                if known.all():
                    yield scores, labels == POSITIVE
                else:
                    yield scores[known], labels[known] == POSITIVE

    def _block(self, which: int, classes: slice) -> NDArray[np.generic]:
        """Returns the scores (0) or labels (1) of some classes, one row a class."""
        arrays = [part[which] for part in self._parts]
        shape = (classes.stop - classes.start, self._images)
        block, first = np.empty(shape, np.result_type(*{a.dtype for a in arrays})), 0
        for array in arrays:
            block[:, first : first + len(array)] = array[:, classes].T
            first += len(array)
        return block
