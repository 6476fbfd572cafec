"""The baseline: every unobserved label counts as negative."""

from __future__ import annotations

from mmpretrain.registry import MODELS

from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts
from .entrywise import assume_negative_loss


@MODELS.register_module()
class AssumeNegativeLoss(PartialLabelLoss):
    """The baseline "AN": binary cross entropy with every unobserved label taken as negative.

    l = -log p for observed positives, -log(1 - p) for all other labels. With every label known it
    is plain binary cross entropy, the full-label upper bound. Source: Cole et al., CVPR 2021,
    https://arxiv.org/abs/2106.09708 (their L_AN).

    Args:
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.

    Config:
        model = dict(head=dict(loss=dict(type='AssumeNegativeLoss')))
    """

    for_missing_labels = False
    soft_targets = True

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the binary cross entropy of each entry."""
        return LossParts(assume_negative_loss(batch.logits, batch.observed))
