"""Verified labels, one a line, made one row an image."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

from .verified_labels import VerifiedLabels


def merge_labels(
    verified: VerifiedLabels, num_classes: int, keep_unlabelled: bool
) -> tuple[NDArray[np.uint64], SparseLabels, dict[str, int]]:
    """Gathers labels by image; one that is given twice counts once, positive before negative.

    Args:
        verified: in any order.
        num_classes: C.
        keep_unlabelled: keep images without a label of these classes.

    Returns:
        The N images' ids, ascending, their labels (N, C), and counts of what was met.
    """
    images, place = np.unique(verified.images, return_inverse=True)
    inside = verified.classes >= 0
    starts = np.cumsum(verified.lengths) - verified.lengths
    sizes = np.add.reduceat(inside, starts, dtype=np.int64)  # labels of these classes, a run
    used = np.zeros(len(images), bool)
    used[place[sizes > 0]] = True
    kept = images if keep_unlabelled else images[used]
    row = place if keep_unlabelled else (np.cumsum(used) - 1)[place]
    # One number a label, which sorts by image, class and sign; tens of millions of them, so
    # whatever follows happens in place where it can.
    key = np.repeat(row * (2 * num_classes), sizes)
    key += 2 * verified.classes[inside].astype(np.int32)
    key += verified.positive[inside]
    key.sort()
    step = key[1:] ^ key[:-1]
    last = np.append(step > 1, True)[: len(key)]
    counts = {
        'lines': len(verified),
        'lines of other classes': len(verified) - len(key),
        'lines given twice': len(key) - int(last.sum()),
        'contradictions': int((step == 1).sum()),
        'images': len(images),
        'images without a label': len(images) - int(used.sum()),
    }
    del step
    key = key[last]
    return kept, _compressed(key, len(kept), num_classes), counts


def reorder_classes(labels: SparseLabels, order: NDArray[np.int64]) -> SparseLabels:
    """Returns partial labels whose class c is the given ones' class order[c]."""
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    key = labels.entry_rows()
    key *= 2 * len(order)
    key += (2 * rank)[labels.classes]
    key += labels.values
    key.sort()
    return _compressed(key, len(labels), len(order))


def _compressed(key: NDArray[np.int64], rows: int, num_classes: int) -> SparseLabels:
    """Returns the labels of ascending numbers (row * C + class) * 2 + sign, which it overwrites."""
    values = (key & 1).astype(np.int8)
    key >>= 1
    ends = np.searchsorted(key, np.arange(rows + 1) * num_classes).astype(np.int64)
    key %= num_classes
    return SparseLabels(ends, key.astype(np.int32), values, num_classes, UNOBSERVED)
