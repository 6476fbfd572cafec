"""How observed labels stand to the annotation they were taken from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .encoding import UNOBSERVED
from .sparse import SparseLabels


def known_share(observed: SparseLabels, full: SparseLabels) -> float:
    """Returns the share of the annotation's known labels that is observed, 0 to 1."""
    known = [
        len(labels) * labels.num_classes - labels.counts()['unobserved']
        for labels in (observed, full)
    ]
    return known[0] / known[1] if known[1] else 1.0


def first_contradiction(observed: SparseLabels, full: SparseLabels) -> tuple[int, int] | None:
    """Returns (row, class) of the first observed label that the annotation does not hold.

    Time and memory are linear in the listed labels, but for sorting.

    Args:
        observed: (N, C).
        full: (N, C).
    """
    keys, against = observed.keys(), full.keys()
    held = full.values_at(observed.entry_rows(), observed.classes)
    wrong = keys[(observed.values != UNOBSERVED) & (observed.values != held)]
    found = [int(wrong[0])] if len(wrong) else []
    if observed.rest != UNOBSERVED:  # what goes unlisted is observed as well
        here = observed.values_at(full.entry_rows(), full.classes)
        other = against[here == observed.rest]
        other = other[full.values[np.searchsorted(against, other)] != observed.rest]
        found += [int(other[0])] if len(other) else []
        if full.rest != observed.rest:
            found += _first_missing(np.union1d(keys, against), len(full) * full.num_classes)
    if not found:
        return None
    row, label = divmod(min(found), full.num_classes)
    return row, label


def _first_missing(keys: NDArray[np.int64], size: int) -> list[int]:
    gaps = np.flatnonzero(keys != np.arange(len(keys)))
    if len(gaps):
        return [int(gaps[0])]
    return [len(keys)] if len(keys) < size else []
