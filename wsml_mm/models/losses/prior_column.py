"""The class priors of a loss: given, read from a file, or estimated while it trains."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.class_priors import crisp_priors
from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.prior_files import priors_of

from ..label_state import Classes, Column, LabelState, TrainingFacts
from ..ranks import gather_objects, total
from .base import Predictions

_NAME = 'class_prior'


class PriorColumn:
    """The column `class_prior` of a loss.

    Args:
        given: C shares, a file of them by class name, 'auto', or None: no prior.
    """

    def __init__(self, given: Sequence[float] | str | os.PathLike[str] | None) -> None:
        self.given = given

    @property
    def is_given(self) -> bool:
        """Whether there are priors at all."""
        return self.given is not None

    @property
    def is_estimated(self) -> bool:
        """Whether the training itself estimates them; they are 0 until it has."""
        return isinstance(self.given, str) and self.given == 'auto'

    def columns(self) -> dict[str, Column]:
        """Returns the column, for `PartialLabelLoss.columns`."""
        return {_NAME: Classes()} if self.is_given else {}

    def values(self, state: LabelState | None) -> Tensor:
        """Returns the (C,) priors."""
        assert state is not None
        return state.classes(_NAME).data

    def set(self, state: LabelState | None, facts: TrainingFacts) -> None:
        """Writes given priors into the state.

        Raises:
            ValueError: if they are of other classes than the training set.
        """
        if self.given is None or self.is_estimated:
            return
        found = priors_of(self.given, facts.num_classes, facts.classes)
        self._write(state, found)

    def estimate_mean(self, state: LabelState | None, predict: Callable[[], Predictions]) -> None:
        """Writes the mean score of all training samples (a collective), see `mean_priors`."""
        device = self.values(state).device
        summed = torch.zeros(len(self.values(state)) + 1, dtype=torch.float64, device=device)
        for samples, scores in predict():
            summed[:-1] += scores.to(summed).sum(0)
            summed[-1] += len(samples)
        summed = total(summed)
        self._write(state, (summed[:-1] / summed[-1].clamp(min=1)).cpu().numpy())

    def estimate_crisp(self, state: LabelState | None, predict: Callable[[], Predictions]) -> None:
        """Writes CRISP's priors (a collective), see `crisp_priors`; 0 of an unlabelled class.

        A rank holds the scores of all training samples in float32 meanwhile.
        """
        assert state is not None
        samples, scores = all_predictions(predict)
        positive = state.facts.observed(samples) == POSITIVE
        prior = crisp_priors(scores, positive).prior if len(samples) else np.zeros(0)
        self._write(state, np.nan_to_num(prior))

    def _write(self, state: LabelState | None, priors: NDArray[np.float64]) -> None:
        values = self.values(state)
        if len(priors):
            values.copy_(torch.from_numpy(priors).to(values))


def all_predictions(
    predict: Callable[[], Predictions],
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Returns (N,) samples, ascending, and their (N, C) scores of all ranks (a collective)."""
    found = [(index.cpu().numpy(), scores.float().cpu().numpy()) for index, scores in predict()]
    parts = [part for rank in gather_objects(found) for part in rank]
    if not parts:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    samples, scores = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(samples, kind='stable')
    return samples[order], scores[order]
