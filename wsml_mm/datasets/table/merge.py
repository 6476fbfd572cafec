"""Rows of the same image made one."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.sparse import SparseLabels


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
    image = (np.cumsum(is_first) - 1)[first]
    row = labels.entry_rows()
    key = image[row] * labels.num_classes + labels.classes
    order = np.argsort(key, kind='stable')
    row, key, value = row[order], key[order], labels.values[order]
    same = key[1:] == key[:-1]
    clash = np.flatnonzero(same & (value[1:] != value[:-1]))
    found = [
        Contradiction(int(row[at + 1]), int(row[at]), int(key[at]) % labels.num_classes)
        for at in clash
    ]
    keep = np.concatenate([[True], ~same])[: len(key)] & ~np.isin(key, key[clash])
    shape = (int(is_first.sum()), labels.num_classes)
    merged = SparseLabels.from_pairs(
        key[keep] // shape[1], key[keep] % shape[1], value[keep], shape, labels.rest
    )
    return merged, found
