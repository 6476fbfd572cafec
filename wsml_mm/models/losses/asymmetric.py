"""ASL and P-ASL: focal losses with exponents for positives, negatives and unobserved labels."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number, check_whole

from ..label_state import Column, TrainingFacts
from .base import PartialLabelLoss, Predictions
from .contract import LabelBatch, LossParts
from .focal import by_label, power
from .prior_column import PriorColumn

MODES = ('negative', 'ignore', 'ignore_normalize', 'selective')


@MODELS.register_module()
class PartialAsymmetricLoss(PartialLabelLoss):
    """P-ASL: unobserved labels are negatives with a focal weight of their own, or left out.

    With n = 1 - p (with `clip` c > 0: min(1 - p + c, 1), which has no loss at p <= c), times alpha:
    -(1 - p)^gamma_pos * log p for observed positives, -(1 - n)^gamma_neg * log n for observed
    negatives, -(1 - n)^gamma_unobserved * log n for unobserved labels. ASL is `mode='negative'`
    with gamma_neg = gamma_unobserved = 4, clip = 0.05. Sources: Ben-Baruch et al., CVPR 2022,
    https://arxiv.org/abs/2110.10955 (P-ASL, CSL), and Ridnik et al., ICCV 2021,
    https://arxiv.org/abs/2009.14119 (ASL), as in their code but for the sum and for its bound of
    1e-8 within the logarithm, without which positives far below keep their gradient.

    Args:
        mode: what becomes of unobserved labels: 'negative' keeps all; 'ignore' none;
            'ignore_normalize' none, and the observed ones of an image with n of them weigh
            1 + 1/(1 + n); 'selective' all but those of classes with a prior above eta, and the
            top_k * B of the global batch with the highest scores.
        gamma_pos: focal exponent of observed positives.
        gamma_neg: of observed negatives; CSL ran 1 where labels were hidden at random, 3 where a
            fixed number a class was shown.
        gamma_unobserved: of unobserved labels; CSL ran 4.
        clip: c, probability taken off negatives and unobserved labels; ASL has 0.05.
        alpha: factors of positives, negatives and unobserved labels.
        detach_focal: whether the focal weight has no gradient, as in the training code of both
            papers; ASL's "optimised" class and MMPretrain let it flow, with the same loss and
            gradients up to 5 times as large.
        top_k: K of 'selective', a number of entries per image of the batch; the code's 5 is for
            COCO's 80 classes.
        class_prior: for 'selective': C shares, a CSV file of "class,prior" lines, or 'auto': the
            mean score of the training images after `prior_epochs` epochs in mode 'ignore' (CSL
            trains another model for it; doing so within one training is a reading of ours). None:
            the scores alone select.
        eta: prior above which a class's unobserved labels are left out; 0.05 in the code, 0.5 in
            the published runs on COCO.
        prior_epochs: see `class_prior`.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum', the
            papers'.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if an argument is out of range, or priors are given that the mode does not use.

    Config:
        model = dict(head=dict(loss=dict(type='PartialAsymmetricLoss', mode='selective')))
    """

    def __init__(
        self,
        mode: str = 'negative',
        gamma_pos: float = 0.0,
        gamma_neg: float = 1.0,
        gamma_unobserved: float = 4.0,
        clip: float = 0.0,
        alpha: Sequence[float] = (1.0, 1.0, 1.0),
        detach_focal: bool = True,
        top_k: int = 5,
        class_prior: Sequence[float] | str | os.PathLike[str] | None = None,
        eta: float = 0.05,
        prior_epochs: int = 1,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        if mode not in MODES:
            raise ValueError(f'mode={mode!r}: use one of {", ".join(MODES)}')
        if class_prior is not None and mode != 'selective':
            raise ValueError(f'class_prior is for mode="selective", not {mode!r}: remove it')
        if len(alpha) != 3:
            raise ValueError(f'alpha={alpha!r}: factors of positives, negatives and unobserved')
        self.gammas = (gamma_pos, gamma_neg, gamma_unobserved)
        for kind, value in zip(('pos', 'neg', 'unobserved'), self.gammas, strict=True):
            check_number(f'gamma_{kind}', value, 'an exponent, >= 0', 0)
        check_number('clip', clip, 'a probability from 0 to below 1', 0, 1 - 1e-6)
        check_whole('top_k', top_k, 'a number of entries per image, >= 0', 0)
        check_number('eta', eta, 'a share between 0 and 1', 0, 1)
        check_whole('prior_epochs', prior_epochs, 'a number of epochs, at least 1', 1)
        self.mode, self.clip, self.alpha, self.detach_focal = mode, clip, tuple(alpha), detach_focal
        self.top_k, self.eta, self.prior_epochs = int(top_k), eta, prior_epochs
        self.prior = PriorColumn(class_prior)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of each entry that counts."""
        if self.mode == 'negative':
            return LossParts(self.entries(batch))
        if self.mode == 'selective':
            left_out = self.selected(batch)
            return LossParts(
                self.entries(batch).masked_fill(left_out, 0), actions={'ignored': left_out}
            )
        entries = self.entries(batch).masked_fill(batch.unobserved, 0)
        if self.mode == 'ignore_normalize':
            known = (~batch.unobserved).sum(1, keepdim=True).to(entries.dtype)
            entries = entries * (1 + 1 / (1 + known))
        return LossParts(entries)

    def entries(self, batch: LabelBatch) -> Tensor:
        """Returns the (B, C) loss of each entry as if all counted."""
        x = batch.logits
        if self.clip:  # never 0 within the logarithm, which 1 - p alone may be
            n = (torch.sigmoid(-x) + self.clip).clamp(max=1)
            log_n, rest = n.log(), 1 - n
        else:
            log_n, rest = F.logsigmoid(-x), torch.sigmoid(x)
        positive, negative, unobserved = self.gammas
        return by_label(
            batch.observed,
            self._weighted(0, F.logsigmoid(x), power(-x, positive)),
            self._weighted(1, log_n, _power(rest, negative)),
            self._weighted(2, log_n, _power(rest, unobserved)),
        )

    def _weighted(self, kind: int, log: Tensor, focal: Tensor) -> Tensor:
        return -self.alpha[kind] * log * (focal.detach() if self.detach_focal else focal)

    def selected(self, batch: LabelBatch) -> Tensor:
        """Returns the (B, C) mask of the unobserved labels that 'selective' leaves out."""
        x, rows = batch.logits.detach(), batch.ranks.rows(len(batch.logits))
        most = self.top_k * rows
        count = torch.full((), most, dtype=torch.int64, device=x.device)
        chosen = batch.ranks.select_largest(x, batch.unobserved, count, max(most, 1))
        if not self.prior.is_given:
            return chosen
        assert self.state is not None
        frequent = self.prior.values(self.state).to(x) > self.eta
        chosen = chosen | (batch.unobserved & frequent)
        if self.prior.is_estimated:
            chosen = chosen | (batch.unobserved & (batch.progress.epoch < self.prior_epochs))
        return chosen

    # The class prior

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `class_prior`, where there is a prior."""
        return self.prior.columns()

    def start(self, facts: TrainingFacts) -> None:
        """Sets the given priors.

        Raises:
            ValueError: if they are of other classes, cannot be estimated from these labels, or
                `top_k` would leave out all unobserved labels.
        """
        trivial = facts.has_no_negative
        if trivial and self.prior.is_estimated:
            raise ValueError(
                "class_prior='auto' first trains on the observed labels alone, and no negative is "
                'observed, so it would learn that all is present: give class_prior=FILE, or None'
            )
        if trivial and self.mode in ('ignore', 'ignore_normalize'):
            warnings.warn(
                f'PartialAsymmetricLoss(mode={self.mode!r}): no negative label is observed, so it '
                'learns that every class is present; take it as the floor only',
                stacklevel=2,
            )
        self._check_top_k(facts)
        super().start(facts)
        self.prior.set(self.state, facts)

    def _check_top_k(self, facts: TrainingFacts) -> None:
        hidden, images = facts.num_unobserved, len(facts.training_samples())
        if self.mode == 'selective' and hidden and self.top_k * images >= hidden:
            raise ValueError(
                f'top_k={self.top_k} leaves out all unobserved labels, {hidden / images:.1f} an '
                'image here, so nothing but the observed ones would count: make top_k smaller'
            )

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Estimates the priors at the end of the epochs that are for it."""
        super().end_epoch(predict)
        if self.prior.is_estimated and (self.epoch or 0) + 1 == self.prior_epochs:
            self.prior.estimate_mean(self.state, predict)

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'mode={self.mode!r}, gammas={self.gammas}, clip={self.clip}'


def _power(base: Tensor, exponent: float) -> Tensor:
    """Returns base^exponent; no power of 0 with an infinite gradient."""
    if exponent == 0:
        return torch.ones_like(base)
    tiny = torch.finfo(base.dtype).tiny
    return base.clamp(min=tiny).pow(exponent) if exponent < 1 else base.pow(exponent)
