"""The baselines that take every unobserved label for a negative: AN, weak AN, smoothed AN."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS

from wsml_mm.labels.numbers import check_number

from .contract import LabelBatch, LossParts
from .entrywise import assume_negative_loss
from .guarded import GuardedLoss

# What the code of Cole et al. does, and how the formula of their paper has been read.
READINGS = {'code': 1.0, 'paper': 0.5}


@MODELS.register_module()
class AssumeNegativeLoss(GuardedLoss):
    """The baseline "AN": binary cross entropy with every unobserved label taken as negative.

    l = -log p for observed positives, -log(1 - p) for all other labels. With every label known it
    is plain binary cross entropy, the full-label upper bound. Source: Cole et al., CVPR 2021,
    https://arxiv.org/abs/2106.09708 (their L_AN).

    Args:
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Config:
        model = dict(head=dict(loss=dict(type='AssumeNegativeLoss')))
    """

    for_missing_labels = False
    soft_targets = True

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the binary cross entropy of each entry."""
        return LossParts(assume_negative_loss(batch.logits, batch.observed, log_eps=self.log_eps))


@MODELS.register_module()
class WANLoss(GuardedLoss):
    """Weak assume negative: the unobserved labels of an image weigh as one label together.

    l = -log p for observed positives, -log(1 - p) / (C - 1) for unobserved labels. Observed
    negatives, of which the paper has none, count as -log(1 - p) with weight 1. Source: Cole et al.,
    CVPR 2021, https://arxiv.org/abs/2106.09708 (their L_WAN).

    Args:
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Config:
        model = dict(head=dict(loss=dict(type='WANLoss')))
    """

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the cross entropy, weak where nothing is observed."""
        entries = assume_negative_loss(batch.logits, batch.observed, log_eps=self.log_eps)
        weak = entries / max(batch.logits.shape[1] - 1, 1)
        return LossParts(entries.where(~batch.unobserved, weak))


@MODELS.register_module()
class LSANLoss(GuardedLoss):
    """Assume negative with label smoothing: the targets are 1 - s and s in place of 1 and 0.

    With a(t) = -t log p - (1 - t) log(1 - p): l = a(1 - s) for observed positives, a(s) for
    unobserved labels. Observed negatives, of which the paper has none, count as a(0), not smoothed.
    Source: Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708 (their L_LS-AN).

    Args:
        smoothing: of the paper, 0.1 in its tables.
        reading: 'code' takes s = smoothing, targets 0.9 and 0.1 as the released code has them;
            'paper' s = smoothing / 2, targets 0.95 and 0.05, as others have read the formula.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='LSANLoss', smoothing=0.1)))
    """

    def __init__(
        self,
        smoothing: float = 0.1,
        reading: str = 'code',
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        check_number('smoothing', smoothing, 'a share from 0 to 0.5', 0, 0.5)
        if reading not in READINGS:
            raise ValueError(f'reading={reading!r}: use "code" (targets 1 - s, s) or "paper" (s/2)')
        self.smoothing, self.reading = smoothing, reading

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the cross entropy with the smoothed targets."""
        share = self.smoothing * READINGS[self.reading]
        hard = batch.positive.to(batch.logits.dtype)
        smooth = share + (1 - 2 * share) * hard
        return LossParts(self.bce(batch.logits, smooth.where(~batch.negative, hard)))

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'smoothing={self.smoothing}, reading={self.reading!r}'
