"""How observed labels stand to the annotation they were taken from."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels


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
    keys, against = _keys(observed), _keys(full)
    held = _values_at(full, against, keys)
    wrong = keys[(observed.values != UNOBSERVED) & (observed.values != held)]
    found = [int(wrong[0])] if len(wrong) else []
    if observed.rest != UNOBSERVED:  # what goes unlisted is observed as well
        other = against[_values_at(observed, keys, against) == observed.rest]
        other = other[full.values[np.searchsorted(against, other)] != observed.rest]
        found += [int(other[0])] if len(other) else []
        if full.rest != observed.rest:
            found += _first_missing(np.union1d(keys, against), len(full) * full.num_classes)
    if not found:
        return None
    row, label = divmod(min(found), full.num_classes)
    return row, label


def _keys(labels: SparseLabels) -> NDArray[np.int64]:
    return labels.entry_rows() * labels.num_classes + labels.classes


def _values_at(
    labels: SparseLabels, keys: NDArray[np.int64], wanted: NDArray[np.int64]
) -> NDArray[np.int8]:
    """Returns the values of the labels whose places in the (N, C) matrix are `wanted`."""
    values = np.full(len(wanted), labels.rest, np.int8)
    if len(keys):
        at = np.searchsorted(keys, wanted).clip(max=len(keys) - 1)
        listed = keys[at] == wanted
        values[listed] = labels.values[at[listed]]
    return values


def _first_missing(keys: NDArray[np.int64], size: int) -> list[int]:
    gaps = np.flatnonzero(keys != np.arange(len(keys)))
    if len(gaps):
        return [int(gaps[0])]
    return [len(keys)] if len(keys) < size else []
