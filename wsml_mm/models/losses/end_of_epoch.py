"""Labels written between epochs from a pass over the training set: what such losses share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from numbers import Integral
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.encoding import UNOBSERVED

from ..label_state import EntryStore, TrainingFacts
from ..ranks import gather_objects
from .base import Predictions

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
_BYTES = 12  # a label: class, epoch and value


def check_warm_up(name: str, warm_up: object) -> int:
    """Returns the number of epochs before the first labels are written.

    Raises:
        ValueError: if it is no whole number from 1 on: labels are written at the end of an epoch.
    """
    if isinstance(warm_up, bool) or not isinstance(warm_up, Integral) or warm_up < 1:
        raise ValueError(f'{name}: warm_up={warm_up!r}: whole epochs before labels, at least 1')
    return int(warm_up)


def check_some_are_left(name: str, warm_up: int, facts: TrainingFacts) -> int:
    """Returns the length of a training that is longer than its warm-up.

    Raises:
        ValueError: if it is not, or nobody has said how long it is.
    """
    if facts.max_epochs is None:
        raise ValueError(
            f'{name} needs the number of epochs: use train_cfg = dict(by_epoch=True, '
            'max_epochs=...), or TrainingFacts(max_epochs=...) in your own loop'
        )
    if warm_up >= facts.max_epochs:
        raise ValueError(
            f'{name}: warm_up={warm_up} of {facts.max_epochs} epochs leaves none in which labels '
            f'that are written after epoch {warm_up} count: lower warm_up, or train longer'
        )
    return facts.max_epochs


def check_room(name: str, labels: int, max_gigabytes: float) -> None:
    """Refuses to write more labels than fit into memory.

    Args:
        name: of the loss.
        labels: that it will write at most.
        max_gigabytes: its limit.

    Raises:
        ValueError: naming both.
    """
    size = labels * _BYTES / 1e9
    if size > max_gigabytes:
        raise ValueError(
            f'{name} would write {labels} labels, {size:.1f} GB, more than '
            f'max_gigabytes={max_gigabytes}: raise it, or use a method that writes few labels'
        )


def open_scores(
    predict: Callable[[], Predictions], facts: TrainingFacts, store: EntryStore | None = None
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Yields this rank's samples (B,), scores (B, C) float64 and open labels (B, C) on the CPU.

    Open is what is unobserved and has no entry yet. Nothing of one batch is kept for the next.

    Args:
        predict: of `PartialLabelLoss.end_epoch`.
        facts: of the training set.
        store: of entries that are not open any more; None: none.
    """
    for samples, scores in predict():
        samples = samples.cpu()
        unobserved = torch.from_numpy(facts.observed(samples)) == UNOBSERVED
        undecided = unobserved if store is None else unobserved & ~store.held(samples)
        yield samples, scores.detach().cpu().double(), undecided


class LowestOfClasses:
    """The labels of lowest score of each class, found while scores stream by.

    Equal scores are taken in the order of the samples. About twice as many labels as asked for are
    held at a time.

    Args:
        counts: (C,) how many of each class.
    """

    def __init__(self, counts: Ints) -> None:
        self.counts = counts
        self._bounds = np.where(counts > 0, np.inf, -np.inf)  # no higher score is among the lowest
        self._parts: list[tuple[Ints, Ints, Floats]] = []
        self._held = 0

    def add(self, samples: Tensor, scores: Tensor, chosen: Tensor) -> None:
        """Takes (B,) samples and the (B, C) scores of the chosen labels, a bool mask."""
        given = scores.numpy()
        rows, classes = np.nonzero(chosen.numpy() & ~(given > self._bounds))
        self._parts.append((samples.numpy()[rows], classes, given[rows, classes]))
        self._held += len(rows)
        if self._held > 2 * self.counts.sum() + len(self.counts):
            self._keep(self._parts)

    def of_all_ranks(self) -> tuple[Ints, Ints, Floats]:
        """Returns samples, classes and scores, the same on all ranks (a collective).

        They come class by class, the lowest score first.
        """
        self._keep(self._parts)
        self._keep(gather_objects(self._parts[0]))
        return self._parts[0]

    def _keep(self, parts: list[Any]) -> None:
        empty = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0)
        joined = [np.concatenate(column) for column in zip(empty, *parts, strict=True)]
        samples, classes, scores = joined
        order = np.lexsort((samples, scores, classes))
        of_class = classes[order]
        place = np.arange(len(order)) - np.searchsorted(of_class, of_class)
        order = order[place < self.counts[of_class]]
        samples, classes, scores = (column[order] for column in joined)
        ends = np.searchsorted(classes, np.arange(len(self.counts)), side='right')
        full = np.bincount(classes, minlength=len(self.counts)) >= np.maximum(self.counts, 1)
        self._bounds[full] = scores[ends[full] - 1]
        self._parts, self._held = [(samples, classes, scores)], len(samples)
