"""ROLE: the classifier and an estimate of every training label teach each other."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Rows, TrainingFacts
from .contract import LabelBatch, LossParts
from .expected_positives import check_expected, distance_to_expected
from .guarded import GuardedLoss

_SURE = math.log(0.995 / 0.005)  # the first estimate of an observed label
_UNSURE = math.log(0.6 / 0.4)  # the largest first estimate of an unobserved one
_LARGEST = math.log((1 - 1e-5) / 1e-5)  # of an estimate that a second training takes over
_BLOCK = 4096  # images whose observed labels are dense at a time


@MODELS.register_module()
class ROLELoss(GuardedLoss):
    """ROLE: regularised online label estimation, a trained estimate y of every training label.

    With X(a, b) = -b log a - (1 - b) log(1 - a), P(a) = -log a for observed positives and 0 for
    unobserved labels, and R of `EPRLoss`: L = mean of (P(p) + P(y) + X(p, y') + X(y, p')) / 2 +
    (R(p) + R(y)) / 2, a dash where no gradient flows. X is over all labels, observed ones too. The
    estimates are rows of N x C logits: 5.29 where positive, -5.29 where negative, at first uniform
    within +-0.405 elsewhere; their Adam has ten times the base rate and moves every row at every
    step. `reduction` concerns the loss of p only. Observed negatives, of which the paper has none,
    count as P(a) = -log(1 - a). Source: Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708,
    as in their code. LinearInit hands the estimates over with `linear_init.carry_corrections=True`.

    Args:
        expected_num_pos: k, mean number of positive labels of an image; it has no default. The
            paper has VOC 1.5, COCO 2.9, NUS-WIDE 1.9, CUB 31.4.
        lr_mult: rate of the estimates over the base rate of the optimiser; the authors' code has
            10.
        seed: of the first estimates.
        max_gigabytes: refuse to take more memory than this, 16 bytes a label.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if the expected number is missing, or an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='ROLELoss', expected_num_pos=1.5)))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    def __init__(
        self,
        expected_num_pos: float | None = None,
        lr_mult: float = 10.0,
        seed: int = 0,
        max_gigabytes: float = 4.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        self.expected_num_pos = check_expected('ROLELoss', expected_num_pos)
        check_number('lr_mult', lr_mult, 'a factor of the learning rate, >= 0', 0)
        check_number('max_gigabytes', max_gigabytes, 'gigabytes, >= 0', 0)
        self.seed, self._column = seed, Rows(lr_mult=lr_mult, max_gigabytes=max_gigabytes)

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `estimates`, of logits."""
        return {'estimates': self._column}

    def start(self, facts: TrainingFacts) -> None:
        """Creates the estimates: near certain where a label is observed, else near 1/2."""
        known = self.state is not None
        super().start(facts)
        if known or self.state is None:
            return
        data = self.state.rows('estimates').data
        data.uniform_(-_UNSURE, _UNSURE, generator=torch.Generator().manual_seed(self.seed))
        for rows in np.array_split(np.arange(len(data)), -(-len(data) // _BLOCK) or 1):
            observed = torch.from_numpy(facts.observed(rows)).to(data.device)
            block = data[rows[0] : rows[-1] + 1]
            block[observed == POSITIVE], block[observed == NEGATIVE] = _SURE, -_SURE

    def take_over(self) -> None:
        """Starts from the estimates of another training, cut at 1e-5 from 0 and 1."""
        super().take_over()
        if self.state is not None:
            self.state.rows('estimates').data.clamp_(-_LARGEST, _LARGEST)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the classifier's half of the loss; the estimates' half is descended here."""
        store, x = self.state.rows('estimates'), batch.logits  # type: ignore[union-attr]
        rows = store.rows(batch.samples)
        u = rows.to(x)
        own = batch.ranks.mean(self._half(u, x.detach(), batch)) + self._near(u, batch)
        store.descend(batch.samples, rows, own)
        terms = {'expected_positives': self._near(x, batch), 'estimates': own.detach()}
        return LossParts(self._half(x, u.detach(), batch), terms=terms)

    def _half(self, x: Tensor, other: Tensor, batch: LabelBatch) -> Tensor:
        """Returns (P(a) + X(a, b)) / 2, (B, C), of the logits of a and b."""
        observed = self.bce(x, batch.positive, ~batch.unobserved)
        return 0.5 * (observed + self.bce(x, other.sigmoid()))

    def _near(self, x: Tensor, batch: LabelBatch) -> Tensor:
        return 0.5 * distance_to_expected(x.sigmoid(), self.expected_num_pos, batch)
