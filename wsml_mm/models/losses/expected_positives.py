"""A regulariser for any loss: the expected number of positives of an image."""

from __future__ import annotations

from mmpretrain.registry import MODELS

from wsml_mm.labels.numbers import check_number

from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts


@MODELS.register_module()
class ExpectedPositives(PartialLabelLoss):
    """Keeps the mean number of predicted positives of the global batch near an expected number.

    R = ((1/B) * sum over images and classes of p - k)^2 / C^2, added undivided. Source: the
    regulariser of EPR and ROLE, Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708, as in
    their code.

    Args:
        expected_num_pos: k, positives of an image; the paper has VOC 1.5, COCO 2.9, NUS-WIDE 1.9,
            CUB 31.4.
        loss_weight: factor of the term.

    Raises:
        ValueError: if the expected number is negative.

    Config:
        loss = dict(type='LargeLossReject', delta_rel=0.2, extra=[
            dict(type='ExpectedPositives', expected_num_pos=1.5, loss_weight=0.5)])
    """

    soft_targets = True  # it reads none

    def __init__(self, expected_num_pos: float, loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        check_number('expected_num_pos', expected_num_pos, 'a number of positives, >= 0', 0)
        self.expected_num_pos = expected_num_pos

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the term alone."""
        found = batch.ranks.mean(batch.logits.sigmoid().sum(1))
        gap = (found - self.expected_num_pos) / batch.logits.shape[1]
        return LossParts(None, terms={'expected_positives': gap**2})
