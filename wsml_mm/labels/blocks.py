"""Labels taken apart and put together, so that never all N x C of them are in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from .encoding import UNOBSERVED
from .sparse import SparseLabels

# Some labels: their rows, classes and values.
Block = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int8]]

_LABELS = 2**20  # of a block, known or not


def row_blocks(shape: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Yields the first row and the row behind the last of each block of an (N, C) matrix."""
    step = max(1, _LABELS // max(1, shape[1]))
    for first in range(0, shape[0], step):
        yield first, min(first + step, shape[0])


def join_blocks(blocks: Iterable[Block], shape: tuple[int, int]) -> SparseLabels:
    """Returns the (N, C) labels of some blocks; what is in none is unobserved."""
    parts = [
        (rows.astype(np.int64), classes.astype(np.int32), values)
        for rows, classes, values in blocks
    ]
    parts.append((np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8)))
    rows, classes, values = (np.concatenate(part) for part in zip(*parts, strict=True))
    return SparseLabels.from_pairs(rows, classes, values, shape, UNOBSERVED)
