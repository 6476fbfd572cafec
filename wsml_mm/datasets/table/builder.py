"""Rows of a table gathered in flat arrays, and made into columns."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels


class TableBuilder:
    """Gathers rows at some 60 bytes each; Python's own lists would take ten times as much."""

    def __init__(self) -> None:
        self._text, self._ends = bytearray(), array('q')
        self._hashes, self._lines = array('q'), array('q')
        # Class indices, row by row, the positive ones first, and how many of each a row has.
        self._ids, self._counts = array('i'), array('i')
        self._full = bytearray()

    def add(
        self,
        line: int,
        image: str,
        positive: Sequence[int],
        negative: Sequence[int],
        full: bool,
    ) -> None:
        """Takes one row.

        Args:
            line: of the file.
            image: the image's name.
            positive: class indices.
            negative: class indices.
            full: every class that is not positive is negative.
        """
        self._text += image.encode() + b'\0'
        self._ends.append(len(self._text))
        self._hashes.append(hash(image))
        self._lines.append(line)
        self._ids.extend(positive)
        self._ids.extend(negative)
        self._counts.append(len(positive))
        self._counts.append(len(negative))
        self._full.append(full)

    def __len__(self) -> int:
        return len(self._lines)

    def names(self) -> NameColumn:
        """Returns the images' names, row by row."""
        return NameColumn(np.frombuffer(self._text, np.uint8), _numbers(self._ends, np.int64))

    def lines(self) -> NDArray[np.int64]:
        """Returns the line of each row, (N,)."""
        return _numbers(self._lines, np.int64)

    def full(self) -> NDArray[np.bool_]:
        """Returns which rows are fully annotated, (N,)."""
        return np.frombuffer(self._full, np.bool_)

    def first_rows(self) -> NDArray[np.int64]:
        """Returns for each row the first row of the same image, (N,)."""
        hashes, names = _numbers(self._hashes, np.int64), self.names()
        order = np.argsort(hashes, kind='stable')
        first = np.arange(len(self))
        for place in np.flatnonzero(hashes[order][1:] == hashes[order][:-1]):
            earlier, later = order[place], order[place + 1]
            if names[earlier] == names[later]:
                first[later] = first[earlier]
        return first

    def labels(self, order: NDArray[np.int64], rest: int) -> SparseLabels:
        """Returns the labels, (N, C).

        Args:
            order: (C,) the class that each index so far stands for.
            rest: of unlisted labels; where it is -1, full rows list all their negatives.
        """
        if not len(order):
            nothing = np.zeros(0, np.int32)
            return SparseLabels(
                np.zeros(len(self) + 1, np.int64), nothing, nothing.astype(np.int8), 0, rest
            )
        counts = _numbers(self._counts, np.int32)
        labels = SparseLabels.from_pairs(
            np.repeat(np.arange(len(counts)) // 2, counts),
            order[_numbers(self._ids, np.int32)],
            np.repeat(np.tile(np.array([POSITIVE, NEGATIVE], np.int8), len(self)), counts),
            (len(self), len(order)),
            rest,
        )
        return labels.completed(np.flatnonzero(self.full())) if rest == UNOBSERVED else labels


def _numbers(values: array[int], dtype: type[Any]) -> NDArray[Any]:
    return np.frombuffer(values, dtype)
