"""What a table of labels says about its classes: how often, how many at once, which together."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

# Classes whose pairs are counted; the most frequent ones, so that the matrix stays small.
MOST_PAIRED = 400
_SIMILAR = 0.8  # of 1, in difflib's measure
_RARE = 0.05  # of a class's labels: below that, a similar name is likely a typing error


class ClassCounts(NamedTuple):
    """Labels of each class by kind, (C,) each."""

    positive: NDArray[np.int64]
    negative: NDArray[np.int64]
    unobserved: NDArray[np.int64]


class Pair(NamedTuple):
    """Two classes that are positive together.

    Args:
        first: the class of the lower index.
        second: the other one.
        images: how many have both.
        lift: how many times as often as if the classes were independent.
    """

    first: int
    second: int
    images: int
    lift: float


def class_counts(labels: SparseLabels) -> ClassCounts:
    """Returns how many labels of each class are positive, known negative and unobserved."""
    return ClassCounts(*(labels.class_counts(v) for v in (POSITIVE, NEGATIVE, UNOBSERVED)))


def labels_per_image(labels: SparseLabels, most: int = 20) -> NDArray[np.int64]:
    """Returns how many images have 0, 1, 2, ... positive labels.

    Args:
        labels: (N, C).
        most: the last number stands for this many and more.
    """
    found: NDArray[np.int64] = np.bincount(np.minimum(labels.row_counts(POSITIVE), most))
    return found


def most_frequent(positive: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    """Returns the classes with the most positive labels, most frequent first."""
    return np.argsort(-positive, kind='stable')[:count]


def pair_counts(labels: SparseLabels) -> NDArray[np.int64]:
    """Returns how many images have each pair of classes as positive labels, (C, C), symmetric.

    The diagonal holds the images of each class.
    """
    known = labels.values == POSITIVE
    row, label, size = labels.entry_rows()[known], labels.classes[known], labels.num_classes
    counts = np.bincount(label.astype(np.int64) * (size + 1), minlength=size * size)
    # A row's labels stand side by side, so that all pairs of one distance are counted at once.
    for step in range(1, len(row)):
        together = row[step:] == row[:-step]
        if not together.any():
            break
        one, other = label[:-step][together].astype(np.int64), label[step:][together]
        counts += np.bincount(one * size + other, minlength=size * size)
        counts += np.bincount(other.astype(np.int64) * size + one, minlength=size * size)
    square: NDArray[np.int64] = counts.reshape(size, size)
    return square


def top_pairs(
    counts: NDArray[np.int64], images: int, by: str, most: int = 10, least: int = 2
) -> list[Pair]:
    """Returns the pairs of classes that come together most.

    Args:
        counts: (C, C) of `pair_counts`.
        images: N.
        by: 'count', or 'lift', n_ab N / (n_a n_b), above 1 only.
        most: pairs to return.
        least: images a pair must have.
    """
    first, second = np.nonzero(np.triu(counts, 1) >= least)
    count, alone = counts[first, second], np.diag(counts)
    lift = count * images / (alone[first] * alone[second])
    keys = (-count, -lift) if by == 'count' else (-lift, -count)
    order = np.lexsort(keys[::-1])
    order = (order if by == 'count' else order[lift[order] > 1])[:most]
    return [Pair(int(first[i]), int(second[i]), int(count[i]), float(lift[i])) for i in order]


def chain(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns an order of the classes in which those that come together stand together.

    From the most frequent class on, each is followed by the one that is most often with it,
    measured by n_ab / sqrt(n_a n_b).

    Args:
        counts: (C, C) of `pair_counts`.
    """
    alone = np.diag(counts)
    likeness = counts / np.sqrt(np.maximum(np.outer(alone, alone), 1))
    left = list(np.argsort(-alone, kind='stable'))
    order = [left.pop(0)] if left else []
    while left:
        order.append(left.pop(int(np.argmax(likeness[order[-1], left]))))
    return np.array(order, np.int64)


def similar_names(classes: Sequence[str], labels: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Returns pairs of classes that may be one: the doubtful one and the one it may mean.

    Names that differ in case, blanks or punctuation only, or a name with few labels that is like
    that of another class, or has its letters in another order.

    Args:
        classes: C names.
        labels: (C,) how many positive labels each has.
    """
    order = sorted(range(len(classes)), key=lambda index: -labels[index])
    found: dict[int, int] = {}
    first: dict[str, int] = {}
    plain = [re.sub(r'[\W_]+', '', name.casefold()) or name for name in classes]
    for index in order:
        if (other := first.setdefault(plain[index], index)) != index:
            found[index] = other
    for place, index in enumerate(order if len(classes) <= MOST_PAIRED else ()):
        if index not in found:
            like = _similar_class(plain, index, order[:place])
            if like is not None and labels[index] <= max(1, _RARE * labels[like]):
                found[index] = like
    return list(found.items())


def _similar_class(plain: Sequence[str], index: int, others: Sequence[int]) -> int | None:
    """Returns the class whose name is like another's and does not differ by a number only."""
    name = plain[index]
    names = {plain[i]: i for i in reversed(others) if _numbers(plain[i]) == _numbers(name)}
    turned = [other for other in names if sorted(other) == sorted(name)]
    near = turned or difflib.get_close_matches(name, list(names), 1, _SIMILAR)
    return names[near[0]] if near else None


def _numbers(name: str) -> list[str]:
    return re.findall(r'\d+', name)
