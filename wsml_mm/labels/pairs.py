"""From one (row, class, value) triple a label to compressed rows, and the row bounds of such."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def indptr_of(lengths: ArrayLike) -> NDArray[np.int64]:
    """Returns where each of N compressed rows begins, and where the last ends.

    Args:
        lengths: (N,) entries of each row; of flags, the result counts the true ones before each.

    Returns:
        (N + 1,), row i's entries stand at indptr[i]:indptr[i + 1].
    """
    counts = np.asarray(lengths)
    indptr = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=indptr[1:])
    return indptr


def compress_pairs(
    rows: ArrayLike, classes: ArrayLike, values: ArrayLike, shape: tuple[int, int], rest: int
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8]]:
    """Returns `indptr`, `classes` and `values` of compressed rows.

    Args:
        rows: (K,) image positions, in any order.
        classes: (K,) class indices.
        values: (K,) labels, or one for all; those equal to `rest` are left out.
        shape: (N, C).
        rest: the value of unlisted entries.

    Raises:
        ValueError: if a row or class is out of range, or a label is given twice.
    """
    row, label = np.asarray(rows, np.int64), np.asarray(classes, np.int64)
    value = np.broadcast_to(np.asarray(values, np.int8), label.shape)
    _check_range('row', row, shape[0], 'number of images')
    _check_range('class index', label, shape[1], 'class list')
    key = row * shape[1] + label
    # Files mostly come in order: finding that out is far cheaper than sorting.
    if (np.diff(key) <= 0).any():
        order = np.argsort(key, kind='stable')
        key, value = key[order], value[order]
        if len(twice := np.flatnonzero(np.diff(key) == 0)):
            at = divmod(int(key[twice[0]]), shape[1])
            raise ValueError(f'row {at[0]}: class {at[1]} is listed twice; list it once')
    keep = value != rest
    key = key[keep]
    indptr = indptr_of(np.bincount(key // shape[1], minlength=shape[0]))
    return indptr, (key % shape[1]).astype(np.int32), np.ascontiguousarray(value[keep])


def _check_range(name: str, places: NDArray[np.int64], size: int, what: str) -> None:
    if len(places) and not 0 <= places.min() <= places.max() < size:
        bad = places.max() if places.max() >= size else places.min()
        raise ValueError(f'{name} {bad} is outside 0..{size - 1}; check the {what}')
