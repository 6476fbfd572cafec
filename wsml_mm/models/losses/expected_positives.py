"""A regulariser for any loss: the expected number of positives of an image."""

from __future__ import annotations

from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts


def check_expected(name: str, expected: float | None) -> float:
    """Returns the expected number of positives of an image that a loss was given.

    Args:
        name: of the loss.
        expected: as it was given; None: it was not.

    Raises:
        ValueError: if it is missing, or no number from 0 on.
    """
    if expected is None:
        raise ValueError(
            f'{name}: expected_num_pos is missing; give the mean number of positive labels of an '
            f'image of this data set, e.g. loss=dict(type={name!r}, expected_num_pos=1.5) or '
            '--cfg-options model.head.loss.expected_num_pos=1.5'
        )
    check_number('expected_num_pos', expected, 'a number of positives, >= 0', 0)
    return float(expected)


def distance_to_expected(p: Tensor, expected: float, batch: LabelBatch) -> Tensor:
    """Returns ((mean over images of the sum of p) - expected)^2 / C^2 of the global batch, 0-d.

    Args:
        p: (B, C) from 0 to 1.
        expected: positives of an image.
        batch: that they are of.
    """
    gap = (batch.ranks.mean(p.sum(1)) - expected) / p.shape[1]
    return gap**2


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
        self.expected_num_pos = check_expected('ExpectedPositives', expected_num_pos)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the term alone."""
        term = distance_to_expected(batch.logits.sigmoid(), self.expected_num_pos, batch)
        return LossParts(None, terms={'expected_positives': term})
