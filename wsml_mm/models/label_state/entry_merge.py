"""Sorted sparse entries, and new ones merged into them a block of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .entry_checks import Keys

_BLOCK = 2**18  # entries merged at a time: they stay in the cache of a core


class Held(NamedTuple):
    """Entries in the order of (sample, class), 8 bytes each, or 12 with values.

    Args:
        starts: (N + 1,) where the entries of each sample begin.
        classes: (K,) of the entries, ascending within a sample.
        epochs: (K,).
        values: (K,), or none for a column with a constant.
    """

    starts: Keys
    classes: NDArray[np.int32]
    epochs: NDArray[np.int32]
    values: NDArray[np.float32]

    @classmethod
    def of(cls, keys: Keys, epochs: Any, values: Any, shape: tuple[int, int]) -> Held:
        """Returns entries of keys sample * C + class, ascending and distinct, for (N, C)."""
        classes = np.empty(len(keys), np.int32)
        np.remainder(keys, shape[1], out=classes, casting='unsafe')  # without (K,) in between
        starts = first_of_rows(keys, shape)
        return cls(starts, classes, epochs.astype(np.int32), values.astype(np.float32))

    def keys(self, num_classes: int) -> Keys:
        """Returns the (K,) keys sample * C + class, ascending."""
        rows = np.arange(len(self.starts) - 1, dtype=np.int64)
        found = np.repeat(rows * num_classes, np.diff(self.starts))
        found += self.classes
        return found


def first_of_rows(keys: Keys, shape: tuple[int, int]) -> Keys:
    """Returns the (N + 1,) places where the ascending keys of each sample begin."""
    found: Keys = np.searchsorted(keys, np.arange(shape[0] + 1) * shape[1])
    return found


def sorted_distinct(keys: Keys) -> Keys:
    """Returns keys sorted, each once, in the place of `keys`.

    `np.unique` keeps a table of hashes, which is far slower for millions of them.
    """
    keys.sort()
    kept = keys[1:][keys[1:] != keys[:-1]]
    keys[1 : len(kept) + 1] = kept
    return keys[: len(kept) + 1]


def merged(
    held: Held,
    keys: Keys,
    values: NDArray[np.float32] | None,
    epoch: int,
    num_classes: int,
    last: bool,
) -> Held:
    """Returns entries with new ones among them.

    Beside the result no more than a block is in memory: rows are merged a block at a time.

    Args:
        held: entries; with `last` those that are given again are changed in it.
        keys: (F,) sample * C + class of the new ones, ascending, distinct.
        values: (F,); None for a column with a constant.
        epoch: of the new ones.
        num_classes: C.
        last: of an entry that is there already, take the new value and epoch.
    """
    rows, old = len(held.starts) - 1, len(held.classes)
    given = first_of_rows(keys, (rows, num_classes))
    starts = np.zeros(rows + 1, np.int64)
    # As long as if all were new: pages that stay untouched take no memory. They are not given back,
    # for which `resize` of NumPy 2.5 makes a copy.
    kinds = [np.int32, np.int32, *([] if values is None else [np.float32])]
    columns: list[Any] = [np.empty(old + len(keys), kind) for kind in kinds]
    fresh = 0  # new entries of the blocks before
    for first, end in _blocks(held.starts + given):
        ours, theirs = slice(*held.starts[[first, end]]), slice(*given[[first, end]])
        bounds = np.arange(first, end + 1) * num_classes
        there = np.repeat(bounds[:-1], np.diff(held.starts[first : end + 1]))
        there += held.classes[ours]
        places, new = _find(there, keys[theirs])
        if last:
            held.epochs[ours][places[~new]] = epoch
            if values is not None:
                held.values[ours][places[~new]] = values[theirs][~new]
        added = keys[theirs][new]
        parts = [added % num_classes, epoch, None if values is None else values[theirs][new]]
        block = slice(ours.start + fresh, ours.stop + fresh + len(added))
        target = places[new] + np.arange(len(added))  # of the new ones, in the merged block
        others = _others(target, block.stop - block.start)
        for column, before, part in zip(columns, held[1:], parts, strict=False):
            column[block][others] = before[ours]
            column[block][target] = part
        inner = np.searchsorted(added, bounds[1:])
        starts[first + 1 : end + 1] = held.starts[first + 1 : end + 1] + fresh + inner
        fresh += len(added)
    columns = [column[: old + fresh] for column in columns]
    return Held(starts, columns[0], columns[1], held.values if values is None else columns[2])


def _find(there: Keys, keys: Keys) -> tuple[Keys, NDArray[np.bool_]]:
    """Returns where each of `keys` belongs among those `there`, and whether it is missing there."""
    places: Keys = np.searchsorted(there, keys)
    missing = np.ones(len(keys), bool)
    if len(there):
        missing = there[np.minimum(places, len(there) - 1)] != keys
    return places, missing


def _others(places: Keys, count: int) -> Keys:
    """Returns the numbers below `count` that are not among `places`."""
    left = np.ones(count, bool)
    left[places] = False
    return np.flatnonzero(left)


def _blocks(loads: Keys) -> Iterator[tuple[int, int]]:
    """Yields first row and end of blocks of some `_BLOCK` entries, given (N + 1,) running sums."""
    cuts = np.searchsorted(loads, np.arange(_BLOCK, loads[-1], _BLOCK))
    ends = np.unique(np.append(cuts, len(loads) - 1))
    first = 0
    for end in ends[ends > 0].tolist():
        yield first, end
        first = end
