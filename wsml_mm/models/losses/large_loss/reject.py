"""LL-R: large losses of unobserved labels count nothing."""

from __future__ import annotations

from mmpretrain.registry import MODELS

from ..contract import LabelBatch, LossParts
from ..entrywise import assume_negative_loss
from .base import LargeLoss


@MODELS.register_module()
class LargeLossReject(LargeLoss):
    """LL-R: in epoch t the (t - 1) * delta_rel percent largest unobserved losses count nothing.

    L = 1/(B C) * sum of lambda_i * l_i, with lambda_i = 0 for the selected entries and 1 for all
    others, l_i the loss of `AssumeNegativeLoss`. Source: Kim et al., CVPR 2022,
    https://arxiv.org/abs/2206.03740, section 3.

    Args:
        delta_rel: percent of the labels rejected, growing by this much every epoch; taken as the
            decimal it is written as.
            None: 0.2, unless delta_abs is given.
        percent_of: 'all' takes the percentage of all B * C entries (the released code),
            'unobserved' of the batch's unobserved entries (the paper's text).
        scope: on several ranks, select from the 'global' batch, as one process would, or from
            each 'rank' for itself.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        delta_abs: instead of delta_rel, act on every loss above R(t) = start_abs - t * delta_abs in
            epoch t, counted from 1. Nothing is at t = 1, and R may pass 0, which is a reading of
            ours: the paper's supplement does not say. It tried 0.1, 0.15 and 0.2.
        start_abs: R0, with delta_abs; the paper tried 1, 1.5 and 2.

    Config:
        model = dict(head=dict(loss=dict(type='LargeLossReject', delta_rel=0.2)))
    """

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss without the selected entries."""
        selected = self.select(batch, batch.unobserved)
        entries = assume_negative_loss(batch.logits, batch.observed, ~selected)
        return LossParts(entries, actions={'ignored': selected})
