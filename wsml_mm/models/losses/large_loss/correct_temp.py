"""LL-Ct: large losses of unobserved labels count as positive, for the step."""

from __future__ import annotations

from mmpretrain.registry import MODELS

from ..contract import LabelBatch, LossParts
from ..entrywise import bce
from .base import LargeLoss


@MODELS.register_module()
class LargeLossCorrectTemp(LargeLoss):
    """LL-Ct: in epoch t the (t - 1) * delta_rel percent largest count as positive, for the step.

    The selected entries carry -log p in place of -log(1 - p); nothing is remembered. Source: Kim
    et al., CVPR 2022, https://arxiv.org/abs/2206.03740, section 3.

    Args:
        delta_rel: percent of the labels corrected, growing by this much every epoch; taken as the
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
        model = dict(head=dict(loss=dict(type='LargeLossCorrectTemp', delta_rel=0.2)))
    """

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss with the selected entries as positives."""
        selected = self.select(batch, batch.unobserved)
        entries = bce(batch.logits, batch.positive | selected)
        return LossParts(entries, actions={'positive': selected})
