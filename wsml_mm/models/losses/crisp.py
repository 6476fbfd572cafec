"""CRISP's risk of single positive labels, as far as it is published."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_whole

from ..label_state import Column, TrainingFacts
from .base import PartialLabelLoss, Predictions
from .contract import LabelBatch, LossParts
from .entrywise import assume_negative_loss
from .prior_column import PriorColumn


@MODELS.register_module()
class CRISPRiskLoss(PartialLabelLoss):
    """Equation 7 of CRISP: labelled images score high, and the mean score is the class prior.

    sum over classes j of 2 * pi_j * mean over the images labelled j of (1 - p_j), plus
    abs(mean over all images of p_j - pi_j). The first `warm_up` epochs are assume negative. The
    priors pi are those of Eq. 2, estimated at the end of each epoch from the scores of all training
    images, for positives labelled at random within their class; see
    `wsml_mm.labels.class_priors.crisp_priors`. Source: Liu et al., NeurIPS 2025,
    https://arxiv.org/abs/2309.13886, Eqs. 2 and 7.

    This is not the whole method and claims none of its numbers: the paper's last change of Eq. 7
    (with logits, and a lambda against a bias to positives) could not be read; no code is public.
    Readings of ours: means are over the global batch, a class without a labelled image in it has no
    first part; one warm-up epoch; observed negatives, which the paper has not, add -log(1 - p) with
    weight 1.

    Args:
        class_prior: 'auto', or C shares, or a CSV file of "class,prior" lines, which then stay.
        warm_up: epochs of assume negative; at least 1 with 'auto', which knows no prior before.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, for which Eq. 7 is divided by C; 'image', Eq. 7 as it is;
            'sum', Eq. 7 times B.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if an argument is out of range, or priors are of other classes.

    Config:
        model = dict(head=dict(loss=dict(type='CRISPRiskLoss')))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    needs_progress = True

    def __init__(
        self,
        class_prior: Sequence[float] | str | os.PathLike[str] = 'auto',
        warm_up: int = 1,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        self.prior, self.warm_up = PriorColumn(class_prior), warm_up
        low, when = (1, ', at least 1 with "auto"') if self.prior.is_estimated else (0, '')
        check_whole('warm_up', warm_up, f'a number of epochs{when}', low)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns assume negative while warming up, then observed negatives and the risk."""
        warm = batch.progress.epoch < self.warm_up
        an = assume_negative_loss(batch.logits, batch.observed)
        entries = an.where(warm | batch.negative, torch.zeros_like(an))
        risk = self.risk(batch).masked_fill(warm, 0)
        return LossParts(entries, terms={'crisp_risk': risk})

    def risk(self, batch: LabelBatch) -> Tensor:
        """Returns Eq. 7 of the global batch, in the units of the reduction."""
        assert self.state is not None
        p, ranks = batch.logits.sigmoid(), batch.ranks
        prior = self.prior.values(self.state).to(p)
        labelled = batch.positive.to(p)
        rows, classes = ranks.rows(len(p)), p.shape[1]
        number = ranks.column_totals(labelled).detach().clamp(min=1)
        missed = ranks.column_totals(labelled * (1 - p)) / number
        balance = ranks.column_totals(p) / max(rows, 1) - prior
        # Of an empty batch nothing is to be learnt, not even the distance to the prior.
        value = (2 * prior * missed + balance.abs()).sum() * min(rows, 1)
        return value * {'mean': 1 / max(classes, 1), 'image': 1, 'sum': rows}[self.reduction]

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `class_prior`."""
        return self.prior.columns()

    def start(self, facts: TrainingFacts) -> None:
        """Sets the given priors.

        Raises:
            ValueError: if they are of other classes, or the labels are not known.
        """
        super().start(facts)
        if self.prior.is_estimated and not facts.labels:
            facts.observed([])  # raises, before an epoch is spent
        self.prior.set(self.state, facts)

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Estimates the priors anew, once the warm-up is over."""
        super().end_epoch(predict)
        if self.prior.is_estimated and (self.epoch or 0) + 1 >= self.warm_up:
            self.prior.estimate_crisp(self.state, predict)

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'class_prior={self.prior.given!r}, warm_up={self.warm_up}'
