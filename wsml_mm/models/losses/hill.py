"""Hill and SPLC: unobserved labels as negatives that may be wrong, or as positives once scored so.

Zhang et al., "Simple and Robust Loss Design for Multi-Label Learning with Missing Labels",
https://arxiv.org/abs/2112.07368. Their code sums over the batch; here the mean over B * C is the
default, as of every loss.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS

from wsml_mm.labels.numbers import check_number, check_whole

from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts
from .focal import by_label, power


@MODELS.register_module()
class HillLoss(PartialLabelLoss):
    """Hill: unobserved labels push back least where the score is high, positives have a margin.

    With q = sigmoid(x - margin): -(1 - q)^gamma * log q for observed positives, (lam - p) * p^2 for
    unobserved labels, whose gradient 3 p^2 (1 - p)^2 at lam = 1.5 is the hill. The gradient flows
    through the focal weight. The paper calls everything negative that is not positive; observed
    negatives, which cannot be missed positives, count -log(1 - p) with weight 1 here. Source: Zhang
    et al., https://arxiv.org/abs/2112.07368, section 3, as in their code but for the sum.

    Args:
        margin: m, taken from the logits of positives.
        gamma: of the focal weight of positives.
        lam: lambda of the hill.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum', the
            paper's.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='HillLoss')))
    """

    def __init__(
        self,
        margin: float = 1.0,
        gamma: float = 2.0,
        lam: float = 1.5,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        check_number('margin', margin, 'a difference of logits, >= 0', 0)
        check_number('gamma', gamma, 'an exponent, >= 0', 0)
        check_number('lam', lam, 'lambda of (lambda - p) p^2, >= 1', 1)
        self.margin, self.gamma, self.lam = margin, gamma, lam

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of each entry."""
        shifted, p = batch.logits - self.margin, batch.logits.sigmoid()
        positive = -power(-shifted, self.gamma) * F.logsigmoid(shifted)
        negative = -F.logsigmoid(-batch.logits)
        hill = (self.lam - p) * p.square()
        return LossParts(by_label(batch.observed, positive, negative, hill))

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'margin={self.margin}, gamma={self.gamma}, lam={self.lam}'


@MODELS.register_module()
class SPLCLoss(PartialLabelLoss):
    """SPLC: from the second epoch on unobserved labels scored above tau count as positive.

    x' = x - margin for observed positives, else x; q = sigmoid(x'). An entry that counts as
    positive has -(1 - q)^gamma * log q, every other one -q^gamma * log(1 - q), with the gradient
    through the focal weight. What counts as positive is decided anew in each step, and has no
    margin. Observed negatives never do; they have the loss of negatives. Source: Zhang et al.,
    https://arxiv.org/abs/2112.07368, section 3, as in their code but for the sum.

    Args:
        tau: the score above which an unobserved label counts as positive; the code has 0.6, and
            0.65 for COCO with 75 % of the labels.
        start_epoch: the first epoch, from 0, in which labels are corrected.
        margin: m, taken from the logits of observed positives.
        gamma: of the focal weights.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum', the
            paper's.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='SPLCLoss', tau=0.6)))
    """

    needs_progress = True

    def __init__(
        self,
        tau: float = 0.6,
        start_epoch: int = 1,
        margin: float = 1.0,
        gamma: float = 2.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        check_number('tau', tau, 'a score between 0 and 1', 0, 1)
        check_whole('start_epoch', start_epoch, 'an epoch, counted from 0', 0)
        check_number('margin', margin, 'a difference of logits, >= 0', 0)
        check_number('gamma', gamma, 'an exponent, >= 0', 0)
        self.tau, self.start_epoch, self.margin, self.gamma = tau, start_epoch, margin, gamma

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of each entry, and which count as positive."""
        shifted = torch.where(batch.positive, batch.logits - self.margin, batch.logits)
        sure = batch.logits.detach().sigmoid() > self.tau
        flip = batch.unobserved & sure & (batch.progress.epoch >= self.start_epoch)
        # The loss of a negative is that of a positive of the opposite logit.
        towards = torch.where(batch.positive | flip, shifted, -shifted)
        entries = -power(-towards, self.gamma) * F.logsigmoid(towards)
        return LossParts(entries, actions={'positive': flip})

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'tau={self.tau}, start_epoch={self.start_epoch}, margin={self.margin}'
