"""Labels of the same image made one, and rows of the same image found."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels


class United(NamedTuple):
    """Which entries stand for all.

    Args:
        kept: entries, ordered by group and class, each class once; contradicted ones left out.
        repeated: entries that say again what one before says.
        clashes: (K, 2) pairs of an entry and a later one that contradicts it.
    """

    kept: NDArray[np.int64]
    repeated: NDArray[np.int64]
    clashes: NDArray[np.int64]


def unite(group: NDArray[np.int64], classes: NDArray[np.int64], values: NDArray[np.int8]) -> United:
    """Unites the labels of each group.

    Args:
        group: (K,) which entries belong together.
        classes: (K,) their class indices.
        values: (K,) their labels, 1 or 0.
    """
    key = group * (int(classes.max(initial=0)) + 1) + classes
    order = np.argsort(key, kind='stable')
    key, value = key[order], values[order]
    same, differ = key[1:] == key[:-1], value[1:] != value[:-1]
    clash = np.flatnonzero(same & differ)
    keep = np.concatenate([[True], ~same])[: len(key)]
    if len(clash):
        keep &= ~np.isin(key, key[clash])
    clashes = np.stack([order[clash], order[clash + 1]], axis=1)
    return United(order[keep], order[1:][same & ~differ], clashes)


class Contradiction(NamedTuple):
    """A label that one row says is there and a later one says is not.

    Args:
        row: the later row.
        earlier: the earlier row.
        label: the class.
    """

    row: int
    earlier: int
    label: int


def merge_rows(
    labels: SparseLabels, first: NDArray[np.int64]
) -> tuple[SparseLabels, list[Contradiction]]:
    """Unites the labels of rows that belong together.

    Args:
        labels: (N, C), those known listed.
        first: (N,) the first row of each row's image.

    Returns:
        The labels of the rows that are first, in their order, and the contradictions; labels that
        are contradicted are left out.
    """
    is_first = first == np.arange(len(first))
    row, classes = labels.entry_rows(), labels.classes.astype(np.int64)
    image = (np.cumsum(is_first) - 1)[first][row]
    kept, _, clashes = unite(image, classes, labels.values)
    shape = (int(is_first.sum()), labels.num_classes)
    merged = SparseLabels.from_pairs(
        image[kept], classes[kept], labels.values[kept], shape, labels.rest
    )
    found = [
        Contradiction(int(row[later]), int(row[earlier]), int(classes[later]))
        for earlier, later in clashes
    ]
    return merged, found


def first_rows(names: NameColumn) -> NDArray[np.int64]:
    """Returns for each of N images the first row of the same name, (N,)."""
    ends = np.concatenate([[0], names.ends])
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(names.text)]
    found = pa.Array.from_buffers(pa.large_binary(), len(names), buffers).dictionary_encode()
    if len(found.dictionary) == len(names):
        return np.arange(len(names))
    code = found.indices.to_numpy()
    first: NDArray[np.int64] = np.unique(code, return_index=True)[1][code]
    return first
