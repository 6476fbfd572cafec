"""Labels of {1, 0, -1} as compressed rows, so that never all N x C of them are in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .encoding import NEGATIVE, POSITIVE, UNOBSERVED
from .pairs import compress_pairs, indptr_of


class SparseLabels:
    """Labels of N images and C classes as compressed rows; what is not listed is `rest`.

    The arrays are shared with files and other labels: nothing changes them in place.

    Args:
        indptr: (N + 1,) int64, row i's entries stand at indptr[i]:indptr[i + 1].
        classes: (entries,) int32, ascending and distinct in each row.
        values: (entries,) int8 of {1, 0, -1}.
        num_classes: C.
        rest: the value of unlisted entries: 0 for full annotation, -1 for partial.

    Raises:
        ValueError: if `rest` is neither, or a class is out of range.
    """

    def __init__(
        self,
        indptr: NDArray[np.int64],
        classes: NDArray[np.int32],
        values: NDArray[np.int8],
        num_classes: int,
        rest: int = NEGATIVE,
    ) -> None:
        if rest not in (NEGATIVE, UNOBSERVED):
            raise ValueError(f'rest={rest}: unlisted labels are 0 (negative) or -1 (unknown)')
        if len(classes) and not 0 <= classes.min() <= classes.max() < num_classes:
            raise ValueError(
                f'class index {int(classes.max())} (least {int(classes.min())}) is outside '
                f'0..{num_classes - 1}; check the class list'
            )
        self.indptr, self.classes, self.values = indptr, classes, values
        self.num_classes, self.rest = num_classes, rest
        # Single elements of a memoryview come many times faster than those of an array.
        self._bounds = indptr.data

    def __reduce__(self) -> Any:
        return SparseLabels, (self.indptr, self.classes, self.values, self.num_classes, self.rest)

    def __len__(self) -> int:
        return len(self.indptr) - 1

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[tuple[ArrayLike, ArrayLike]],
        num_classes: int,
        rest: int = NEGATIVE,
    ) -> SparseLabels:
        """Builds labels from one pair (positive classes, known negative classes) an image.

        Raises:
            ValueError: if a class is out of range or listed twice in a row.
        """
        lists = [(np.asarray(p, np.int64), np.asarray(n, np.int64)) for p, n in rows]
        flat = [part for pair in lists for part in pair]
        sizes = np.array([len(part) for part in flat], np.int64)
        return cls.from_pairs(
            np.repeat(np.arange(len(flat)) // 2, sizes),
            np.concatenate(flat) if flat else np.zeros(0, np.int64),
            np.repeat(np.tile(np.array([POSITIVE, NEGATIVE], np.int8), len(lists)), sizes),
            (len(lists), num_classes),
            rest,
        )

    @classmethod
    def from_pairs(
        cls,
        rows: ArrayLike,
        classes: ArrayLike,
        values: ArrayLike,
        shape: tuple[int, int],
        rest: int = NEGATIVE,
    ) -> SparseLabels:
        """Builds labels from one (row, class, value) triple a label, in any order.

        Args:
            rows: (K,) image positions.
            classes: (K,) class indices.
            values: (K,) of {1, 0, -1}, or one for all; entries equal to `rest` go unlisted.
            shape: (N, C).
            rest: the value of unlisted entries.

        Raises:
            ValueError: if a row or class is out of range, or a label is given twice.
        """
        arrays = compress_pairs(rows, classes, values, shape, rest)
        return cls(*arrays, shape[1], rest)

    @classmethod
    def from_dense(cls, matrix: NDArray[np.int8], rest: int = UNOBSERVED) -> SparseLabels:
        """Builds labels from an (N, C) matrix of {1, 0, -1}; entries equal to `rest` go unlisted.

        Raises:
            ValueError: if an entry is not of {1, 0, -1}.
        """
        if not (known := np.isin(matrix, (POSITIVE, NEGATIVE, UNOBSERVED))).all():
            raise ValueError(
                f'label {np.asarray(matrix)[~known].flat[0]} is not of {{1, 0, -1}}; convert other '
                'encodings with decode_labels'
            )
        rows, classes = np.nonzero(matrix != rest)
        return cls.from_pairs(rows, classes, matrix[rows, classes], matrix.shape, rest)

    def subset(self, indices: ArrayLike) -> SparseLabels:
        """Returns the labels of some images, in the given order."""
        places = np.asarray(indices, np.int64)
        begin, length = self.indptr[places], np.diff(self.indptr)[places]
        indptr = indptr_of(length)
        entries = np.repeat(begin - indptr[:-1], length) + np.arange(indptr[-1])
        return SparseLabels(
            indptr, self.classes[entries], self.values[entries], self.num_classes, self.rest
        )

    def select(self, classes: ArrayLike) -> SparseLabels:
        """Returns the labels of some distinct classes, which are renumbered in the given order."""
        chosen = np.asarray(classes, np.int64)
        renumbered = np.full(self.num_classes, -1)
        renumbered[chosen] = np.arange(len(chosen))
        label = renumbered[self.classes]
        keep = label >= 0
        return SparseLabels.from_pairs(
            self.entry_rows()[keep],
            label[keep],
            self.values[keep],
            (len(self), len(chosen)),
            self.rest,
        )

    def completed(self, rows: ArrayLike) -> SparseLabels:
        """Returns labels of which some distinct rows list all classes, unlisted ones as negative.

        Args:
            rows: positions of the images whose annotation is complete.
        """
        full = np.zeros(len(self), dtype=bool)
        full[np.asarray(rows, np.int64)] = True
        lengths = np.where(full, self.num_classes, np.diff(self.indptr))
        indptr = indptr_of(lengths)
        of_full, was_full = np.repeat(full, lengths), full[self.entry_rows()]
        classes = np.empty(len(of_full), np.int32)
        values = np.full(len(of_full), NEGATIVE, np.int8)
        classes[of_full] = np.tile(np.arange(self.num_classes, dtype=np.int32), int(full.sum()))
        classes[~of_full] = self.classes[~was_full]
        values[~of_full] = self.values[~was_full]
        values[(indptr[self.entry_rows()] + self.classes)[was_full]] = self.values[was_full]
        return SparseLabels(indptr, classes, values, self.num_classes, self.rest)

    def unlisted(self, rest: int) -> SparseLabels:
        """Returns labels whose unlisted entries count as `rest`."""
        shape = (len(self), self.num_classes)
        return SparseLabels.from_pairs(self.entry_rows(), self.classes, self.values, shape, rest)

    def entry_rows(self) -> NDArray[np.int64]:
        """Returns the (entries,) image position of each listed label."""
        return np.repeat(np.arange(len(self)), np.diff(self.indptr))

    def keys(self) -> NDArray[np.int64]:
        """Returns the (entries,) ascending places of the listed labels, row * C + class."""
        return self.entry_rows() * self.num_classes + self.classes

    def values_at(self, rows: ArrayLike, classes: ArrayLike) -> NDArray[np.int8]:
        """Returns the (K,) labels of K places, of {1, 0, -1}.

        Args:
            rows: (K,) image positions, 0 to N - 1.
            classes: (K,) class indices, 0 to C - 1.
        """
        keys = self.keys()
        wanted = np.asarray(rows, np.int64) * self.num_classes + np.asarray(classes, np.int64)
        found = np.full(len(wanted), self.rest, np.int8)
        if len(keys):
            at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
            listed = keys[at] == wanted
            found[listed] = self.values[at[listed]]
        return found

    def row_counts(self, value: int) -> NDArray[np.int64]:
        """Returns how many labels of each image are `value`, (N,)."""
        hits = indptr_of(self.values == value)
        found: NDArray[np.int64] = np.diff(hits[self.indptr])
        if value == self.rest:
            found = self.num_classes - np.diff(self.indptr) + found
        return found

    def class_counts(self, value: int) -> NDArray[np.int64]:
        """Returns how many labels of each class are `value`, (C,)."""
        at = self.classes[self.values == value]
        found: NDArray[np.int64] = np.bincount(at, minlength=self.num_classes)
        if value == self.rest:
            found = found + len(self) - np.bincount(self.classes, minlength=self.num_classes)
        return found

    def known(self, index: int) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Returns image `index`'s listed classes, ascending, and their labels, as views."""
        bounds = self._bounds
        if not 0 <= index < len(bounds) - 1:
            raise IndexError(
                f'sample index {index} is outside 0..{len(self) - 1}; use a row of the whole split'
            )
        begin, end = bounds[index], bounds[index + 1]
        return self.classes[begin:end], self.values[begin:end]

    def row(self, index: int) -> NDArray[np.int8]:
        """Returns image `index`'s labels as a dense (C,) int8 vector of {1, 0, -1}."""
        dense = np.full(self.num_classes, self.rest, dtype=np.int8)
        classes, values = self.known(index)
        dense[classes] = values
        return dense

    def rows(self, indices: ArrayLike) -> NDArray[np.int8]:
        """Returns some images' labels as a dense (len(indices), C) int8 matrix of {1, 0, -1}.

        Raises:
            IndexError: if an index is out of range.
        """
        places = np.asarray(indices, np.int64)
        if len(places) and not 0 <= places.min() <= places.max() < len(self):
            raise IndexError(
                f'sample indices {places.min()}..{places.max()} are outside 0..{len(self) - 1}; '
                'use rows of the whole split'
            )
        begin = self.indptr[places]
        length = self.indptr[places + 1] - begin
        row = np.repeat(np.arange(len(places)), length)
        entry = np.arange(len(row)) + (begin - (np.cumsum(length) - length))[row]
        dense = np.full((len(places), self.num_classes), self.rest, dtype=np.int8)
        dense[row, self.classes[entry]] = self.values[entry]
        return dense

    def listed(self, index: int, value: int) -> NDArray[np.int64]:
        """Returns the ascending classes of image `index` whose label is `value`."""
        classes, values = self.known(index)
        if value != self.rest:
            found: NDArray[np.int64] = classes[values == value].astype(np.int64)
            return found
        free = np.ones(self.num_classes, dtype=bool)
        free[classes[values != value]] = False
        return np.flatnonzero(free)

    def counts(self) -> dict[str, int]:
        """Counts the entries by kind: 'positive', 'negative', 'unobserved'."""
        total = len(self) * self.num_classes
        found = {v: int((self.values == v).sum()) for v in (POSITIVE, NEGATIVE, UNOBSERVED)}
        found[self.rest] += total - len(self.values)
        return {
            'positive': found[POSITIVE],
            'negative': found[NEGATIVE],
            'unobserved': found[UNOBSERVED],
        }

    def fingerprint(self) -> str:
        """Returns a hash of every label, the shape and the encoding."""
        digest = hashlib.sha256(f'{len(self)} {self.num_classes} {self.rest}'.encode())
        for part in (self.indptr, self.classes, self.values):
            digest.update(np.ascontiguousarray(part).data)
        return digest.hexdigest()[:16]
