"""MixUp-PME: mixup in which an unknown label counts as one half."""

from __future__ import annotations

import torch
from mmpretrain.registry import BATCH_AUGMENTS
from torch import Tensor

from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.numbers import check_number

from .base import PartialLabelAugment
from .mixture import Mixture, draw_partners


@BATCH_AUGMENTS.register_module()
class MixUpPME(PartialLabelAugment):
    """Mixes each image with another of the batch, and their labels with an unknown one as 1/2.

    weight * first + (1 - weight) * second with the weight uniform in [lowest, 1], for images and
    labels alike; what is unobserved in the first stays unobserved. The targets are soft: losses
    that act on single labels (LL-R, LL-Ct, LL-Cp) refuse them, and diagnosis labels are not
    judged. Source: https://github.com/maxium0526/mlcpl (its MixUp-PME). Ours is that the second
    image is drawn from the batch and not from the whole training set.

    Args:
        lowest: the least weight of the first image; the source's 0.75.

    Raises:
        ValueError: if the weight is out of range.

    Config:
        model = dict(data_preprocessor=dict(
            batch_augments=dict(augments=dict(type='MixUpPME', lowest=0.75))))
    """

    makes_soft_targets = True

    def __init__(self, lowest: float = 0.75) -> None:
        super().__init__()
        check_number('lowest', lowest, 'a weight between 0.5 and 1', 0.5, 1)
        self.lowest = lowest

    def draw(self, rows: int) -> Mixture:
        """Draws each image's partner and weight."""
        members = draw_partners(rows, 1)
        first = self.lowest + (1 - self.lowest) * torch.rand(rows, 1)
        return Mixture(members, torch.cat([first, 1 - first], 1))

    def labels(self, mixture: Mixture, labels: Tensor) -> Tensor:
        """Returns the weighted sums, -1 where the first label is unobserved."""
        unknown = labels == UNOBSERVED
        soft = mixture.blend(labels.float().masked_fill(unknown, 0.5))
        # Rounding may pass 1, which no loss takes.
        return soft.clamp(0, 1).masked_fill(unknown, UNOBSERVED)
