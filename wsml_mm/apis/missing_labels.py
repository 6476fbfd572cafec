"""How many labels are missing in each class, from counts of scores that come batch by batch."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.class_priors import counted_priors
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE

_BINS, _WIDEST = 1024, 16.0  # of logits: beyond, scores are 0 or 1 to seven digits


class Missing(NamedTuple):
    """How many positive labels of each class are missing, (C,) each; NaN: not known.

    Attributes:
        estimate: present labels less the observed ones.
        low: of its 95 % interval, see `counted_priors`.
        high: likewise.
    """

    estimate: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


class ScoreCounts:
    """Counts the scores of each class in bins of logits, of all images and of labelled ones.

    Args:
        num_classes: C.
    """

    def __init__(self, num_classes: int) -> None:
        self.num_classes, self.images = num_classes, 0
        self._every = np.zeros((num_classes, _BINS), np.uint32)
        self._positive = np.zeros((num_classes, _BINS), np.uint32)
        self._observed = {value: np.zeros(num_classes, np.int64) for value in (POSITIVE, NEGATIVE)}

    def add(self, score: NDArray[np.floating], labels: NDArray[np.int8]) -> None:
        """Adds a batch.

        Args:
            score: (B, C), 0 to 1.
            labels: (B, C) observed, of {1, 0, -1}.
        """
        with np.errstate(divide='ignore'):
            logit = np.log(score) - np.log1p(-score)
        step = 2 * _WIDEST / _BINS
        place = ((logit.clip(-_WIDEST, _WIDEST) + _WIDEST) / step).astype(np.int64)
        place = place.clip(max=_BINS - 1) + np.arange(self.num_classes) * _BINS
        one: Any = np.uint32(1)
        np.add.at(self._every.reshape(-1), place.reshape(-1), one)
        np.add.at(self._positive.reshape(-1), place[labels == POSITIVE], one)
        self.images += len(score)
        for value, count in self._observed.items():
            count += (labels == value).sum(0)

    def missing(self) -> Missing:
        """Returns how many labels are missing among the images that were added."""
        priors = counted_priors(self._every, self._positive)
        positive, negative = self._observed[POSITIVE], self._observed[NEGATIVE]
        unobserved = self.images - positive - negative
        most = np.where(np.isnan(priors.prior), np.nan, unobserved)
        found = [np.clip(prior * self.images - positive, 0, most) for prior in priors]
        return Missing(*found)

    def observed(self, value: int) -> NDArray[np.int64]:
        """Returns how many labels of each class are observed as `value`, 1 or 0."""
        return self._observed[value]
