"""Scores and truth of labels as integers: sorted alone, they rank the labels of all classes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .guards import check_scores


def label_keys(
    scores: NDArray[np.floating], negative: NDArray[np.bool_]
) -> NDArray[np.unsignedinteger] | None:
    """Returns an integer a label: in the order of scores, of equal ones positives first.

    Args:
        scores: (K,) float32 or float64.
        negative: (K,).

    Returns:
        (K,), of 32 bits where that is enough, as for probabilities of float32; None: 64 are not.

    Raises:
        ValueError: if a score is NaN or infinite.
    """
    check_scores(scores)
    signed = np.dtype(f'i{scores.itemsize}')
    order = (scores + scores.dtype.type(0)).view(signed)  # -0.0 becomes 0.0
    if (order < 0).any():  # whose bits grow with the amount
        order ^= (order >> (8 * signed.itemsize - 1)) & np.iinfo(signed).max
    low, high = (int(order.min()), int(order.max())) if len(order) else (0, 0)
    if signed.itemsize == 4 and high - low >= 1 << 31:
        order = order.astype(np.int64)
    if high - low >= 1 << (8 * order.itemsize - 1):
        return None
    order -= order.dtype.type(low)
    keys = order.view(f'u{order.itemsize}')
    keys <<= keys.dtype.type(1)
    keys |= negative
    return keys


def average_precisions(
    keys: NDArray[np.unsignedinteger], starts: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Returns the average precision of each class, as of `ScoredLabels`, (C,).

    Args:
        keys: (K,) of `label_keys`, class by class, those of a class in ascending order.
        starts: (C + 1,), class i's labels stand at starts[i]:starts[i + 1].
    """
    at = np.flatnonzero((keys & keys.dtype.type(1)) == 0)  # the positives
    begins = np.searchsorted(at, starts)  # of each class, in `at`
    counts, mine = np.diff(begins), keys[at]
    # Of equal scores all count with the first, which is a positive.
    new = np.ones(len(at) + 1, np.bool_)
    new[1:-1] = mine[1:] != mine[:-1]
    new[begins] = True
    first = np.flatnonzero(new)
    first = first[:-1].repeat(np.diff(first))
    hits = begins[1:].repeat(counts) - first
    precision = hits / (starts[1:].repeat(counts) - at[first])
    sums = np.array([np.add.reduce(part) for part in each_part(precision, begins)])
    return np.where(np.diff(starts) > 0, sums / np.maximum(counts, 1), np.nan)


def each_part(values: NDArray[Any], starts: NDArray[np.int64]) -> Iterator[NDArray[Any]]:
    """Yields the values of each class, without a copy; `starts` as of `average_precisions`."""
    return (values[first:stop] for first, stop in pairwise(starts.tolist()))
