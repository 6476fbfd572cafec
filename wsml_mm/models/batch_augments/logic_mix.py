"""LogicMix: the mean of two or three images has the labels that any of them has."""

from __future__ import annotations

import torch
from mmpretrain.registry import BATCH_AUGMENTS
from torch import Tensor

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.numbers import check_number

from .base import PartialLabelAugment
from .mixture import Mixture, draw_partners

_MOST = 3  # images


@BATCH_AUGMENTS.register_module()
class LogicMix(PartialLabelAugment):
    """Mixes an image with one or two others of the batch; labels are joined by three-valued OR.

    The image is the plain mean of k, k uniform in {2, 3}. A label is positive if it is for any of
    them, negative if it is known as negative for all, else unobserved; labels stay hard. Source:
    https://github.com/maxium0526/mlcpl (its LogicMix, batch form). Ours is that partners are drawn
    from the other images of the batch and not from the whole training set.

    Args:
        probability: that an image is mixed.

    Raises:
        ValueError: if the probability is out of range.

    Config:
        model = dict(data_preprocessor=dict(
            batch_augments=dict(augments=dict(type='LogicMix', probability=0.5))))
    """

    def __init__(self, probability: float = 0.5) -> None:
        super().__init__()
        check_number('probability', probability, 'a probability between 0 and 1', 0, 1)
        self.probability = probability

    def draw(self, rows: int) -> Mixture:
        """Draws whether each image is mixed, k and the partners."""
        members = draw_partners(rows, _MOST - 1)
        mixed = torch.rand(rows) < self.probability
        number = torch.where(mixed, torch.randint(2, _MOST + 1, (rows,)), 1)[:, None]
        weights = (torch.arange(_MOST) < number) / number
        return Mixture(members, weights)

    def labels(self, mixture: Mixture, labels: Tensor) -> Tensor:
        """Returns the three-valued OR over the members."""
        found, used = mixture.gather(labels)
        present = ((found == POSITIVE) & used).any(1)
        absent = ((found == NEGATIVE) | ~used).all(1)
        unknown = torch.full_like(labels, UNOBSERVED)
        return unknown.masked_fill(absent, NEGATIVE).masked_fill(present, POSITIVE)
