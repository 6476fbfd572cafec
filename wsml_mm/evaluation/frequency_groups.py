"""Groups of classes by how often they are annotated, for mAP of rare and of frequent classes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.sparse import SparseLabels

COUNTS = ('positive', 'annotated')


def annotation_counts(labels: SparseLabels, count: str = 'positive') -> NDArray[np.int64]:
    """Returns how many annotations each class has, (C,).

    Args:
        labels: of the training split.
        count: 'positive', or 'annotated': positives and verified negatives.

    Raises:
        ValueError: if `count` is unknown.
    """
    if count not in COUNTS:
        raise ValueError(f'count={count!r}: use "positive" or "annotated"')
    found = labels.class_counts(POSITIVE)
    return found + labels.class_counts(NEGATIVE) if count == 'annotated' else found


def frequency_groups(labels: SparseLabels, number: int, count: str = 'positive') -> list[list[int]]:
    """Returns the classes in groups of equal size, those with the fewest annotations first.

    With 'annotated' it is the rule of OpenImages in the experiments of Large Loss Matters (Kim et
    al., CVPR 2022, Table 3): 5,000 classes in five groups of 1,000.

    Args:
        labels: of the training split, C classes.
        number: of groups, 1 to C.
        count: what is counted, see `annotation_counts`.

    Raises:
        ValueError: if there are fewer classes than groups, or `count` is unknown.
    """
    return groups_by_count(annotation_counts(labels, count), number)


def groups_by_count(counts: NDArray[np.int64], number: int) -> list[list[int]]:
    """Returns class indices sorted ascending by count, ties by index, and cut into groups.

    Sizes differ by one at most, larger groups first.

    Args:
        counts: (C,) annotations of each class.
        number: of groups, 1 to C.

    Raises:
        ValueError: if there are fewer classes than groups.
    """
    if not 1 <= number <= len(counts):
        raise ValueError(f'{number} groups of {len(counts)} classes: ask for 1 to {len(counts)}')
    order = np.argsort(counts, kind='stable')
    return [group.tolist() for group in np.array_split(order, number)]
