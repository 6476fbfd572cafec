"""From scores to labels: thresholds, given or chosen on validation data, or the k likeliest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.wording import some_of

from .scored_labels import ScoredLabels

Threshold = float | Sequence[float] | Mapping[str, float]
NEVER = float('inf')  # threshold of a class that is never predicted


@dataclass(frozen=True)
class LabelRule:
    """Which classes an image has, by their scores.

    Args:
        thresholds: (C,) a class is there where its score is at least this; None with `top_k`.
        top_k: the k likeliest classes, whatever their scores; None: by thresholds.
    """

    thresholds: NDArray[np.float64] | None = None
    top_k: int | None = None

    @classmethod
    def of(
        cls, classes: Sequence[Any], threshold: Threshold = 0.5, top_k: int | None = None
    ) -> LabelRule:
        """Returns the rule for some classes.

        Args:
            classes: C names.
            threshold: one number, one for each class in order, or a dict by class name.
            top_k: see the class; the threshold is not used then.

        Raises:
            ValueError: if the thresholds are not those of the classes, or k is not of 1..C.
        """
        if top_k is None:
            check_thresholds(threshold)
            return cls(thresholds_of(threshold, classes))
        if not 1 <= top_k <= len(classes):
            raise ValueError(f'top_k={top_k}: there are {len(classes)} classes; give 1 to that')
        return cls(top_k=top_k)

    def __call__(self, scores: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Returns which of the (B, C) labels are there."""
        if self.thresholds is not None:
            # In the precision of the scores, as a float32 of 0.7 is below 0.7.
            found: NDArray[np.bool_] = scores >= self.thresholds.astype(scores.dtype)
            return found
        order = np.argsort(-scores, axis=1, kind='stable')[:, : self.top_k]
        chosen = np.zeros(scores.shape, bool)
        np.put_along_axis(chosen, order, True, axis=1)
        return chosen


def check_thresholds(threshold: Threshold) -> None:
    """Refuses a threshold that is not between 0 and 1; infinity says that a class is never there.

    Raises:
        ValueError: naming it.
    """
    values = threshold.values() if isinstance(threshold, Mapping) else np.ravel(threshold)
    for value in values:
        if not (0 <= value <= 1 or value == NEVER):  # NaN is refused as well
            raise ValueError(f'threshold={value}: scores lie between 0 and 1; give such a number')


def thresholds_of(threshold: Threshold, names: Sequence[Any]) -> NDArray[np.float64]:
    """Returns the threshold of each class, (C,).

    Raises:
        ValueError: if they are not those of the classes.
    """
    if isinstance(threshold, Mapping):
        if odd := sorted(set(map(str, names)) ^ set(threshold)):
            what = 'is no class of the dataset' if odd[0] in threshold else 'has none'
            raise ValueError(
                f'threshold: {odd[0]!r} {what}; give one for each of its {len(names)} classes'
            )
        return np.array([threshold[str(name)] for name in names], dtype=np.float64)
    given = np.asarray(threshold, dtype=np.float64)
    if given.ndim and given.shape != (len(names),):
        raise ValueError(
            f'threshold: {given.size} numbers for {len(names)} classes; give one, or one a class'
        )
    return np.broadcast_to(given, (len(names),))


def choose_thresholds(
    scores: NDArray[np.floating],
    target: NDArray[np.integer],
    classes: Sequence[Any],
    precision: float | None = None,
) -> dict[str, float]:
    """Chooses each class's threshold on validation data.

    It lies half-way between two scores: the best F1, or with a wanted precision the most recall
    at it; of several as good, the highest. A class that never reaches the precision gets `NEVER`.

    Args:
        scores: (N, C) of validation images, 0 to 1.
        target: (N, C) of {1, 0, -1}; -1 is left out.
        classes: C names.
        precision: that is wanted, above 0 to 1; None: the best F1.

    Raises:
        ValueError: if a class has no known positive, a shape or label is wrong, or the precision
            is not of that range.
    """
    if precision is not None and not 0 < precision <= 1:
        raise ValueError(f'precision={precision}: give a share above 0, at most 1, e.g. 0.9')
    labels = ScoredLabels.from_dense(scores, target)
    if len(labels) != len(classes):
        raise ValueError(f'{len(classes)} class names for scores of {len(labels)} classes')
    counts = (target == POSITIVE).sum(axis=0)
    without = [str(name) for name, count in zip(classes, counts, strict=True) if not count]
    if without:
        raise ValueError(
            f'{some_of(without, of="classes")}: no known positive among the validation labels, so '
            'no threshold can be chosen; validate on images that have them, or give thresholds'
        )
    return {str(name): _best(*each, precision) for name, each in zip(classes, labels, strict=True)}


def _best(scores: Any, positive: Any, precision: float | None) -> float:
    """Returns the threshold of one class: (N,) scores and whether each is of a positive."""
    order = np.argsort(-scores, kind='stable')
    ordered, hits = scores[order], np.cumsum(positive[order])
    last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))  # of equal scores
    taken, hits = last + 1, hits[last]
    if precision is None:
        place = int(np.argmax(2 * hits / (taken + hits[-1])))  # of equal ones the first, highest
    else:
        good = hits >= precision * taken
        if not good.any():
            return NEVER
        place = int(np.argmax(np.where(good, hits, -1)))
    least = ordered[last[place]]
    if place + 1 == len(last):
        return float(least)
    middle = (least + ordered[last[place + 1]]) / 2
    return float(middle if middle > ordered[last[place + 1]] else least)
