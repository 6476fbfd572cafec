"""Numbers of a split to compare with published ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from wsml_mm.datasets.holdout import holdout_indices
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels


def split_statistics(
    labels: SparseLabels, classes: Sequence[str], holdout: bool = False
) -> dict[str, float | str]:
    """Counts what papers report of a split.

    Args:
        labels: (N, C).
        classes: the C names.
        holdout: the split is the one that the field divides 80/20.

    Returns:
        'images', 'classes'; 'training part' and 'held out' of the 80/20 split; 'no label': images
        without any positive; 'positives an image' and 'negatives an image': means of the known
        ones; 'least', 'median' and 'most positives a class'; 'most frequent class'.
    """
    count = len(labels)
    found: dict[str, float | str] = {'images': count}
    if holdout:
        held_out = len(holdout_indices(count, 'val', 0.2, 1200))
        found |= {'training part': count - held_out, 'held out': held_out}
    by_image, by_class = labels.row_counts(POSITIVE), labels.class_counts(POSITIVE)
    return found | {
        'classes': labels.num_classes,
        'no label': int((by_image == 0).sum()),
        'positives an image': by_image.sum() / max(count, 1),
        'negatives an image': labels.row_counts(NEGATIVE).sum() / max(count, 1),
        'least positives a class': int(by_class.min(initial=count)),
        'median positives a class': float(np.median(by_class)) if len(by_class) else 0,
        'most positives a class': int(by_class.max(initial=0)),
        'most frequent class': classes[int(by_class.argmax())] if len(by_class) else '',
    }
