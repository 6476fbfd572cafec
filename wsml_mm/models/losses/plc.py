"""PLC: confident scores of one view are the targets of a more strongly augmented one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS

from wsml_mm.labels.numbers import check_number

from .base import PartialLabelLoss
from .contract import LabelBatch, LossParts
from .entrywise import assume_negative_loss, bce


@MODELS.register_module()
class PLCLoss(PartialLabelLoss):
    """PLC: "assume negative", and confident labels of the image are targets of its strong view.

    With p of the image, observed positives counted as 1: entries with p >= threshold are positive
    targets, those with p < 1 - threshold negative ones, the others are left out. The cross entropy
    of the strong view is averaged over the entries that are kept (of all ranks; 0 where there is
    none) and added. Source: the first stage of LAC, Xie et al., NeurIPS 2022,
    https://github.com/milkxie/SPML-LAC. It knows no observed negatives: ours are negative targets.

    Args:
        threshold: of the scores; the source's first stage has 0.6, its second 0.9.
        weight: of the strong view's loss.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'; of
            the image's own loss.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if the threshold or the weight is out of range.

    Config:
        model = dict(type='ViewsClassifier', views=['strong'], head=dict(
            loss=dict(type='PLCLoss', threshold=0.6)))
    """

    needs_views = ('strong',)

    def __init__(
        self,
        threshold: float = 0.6,
        weight: float = 1.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        check_number('threshold', threshold, 'a probability between 0.5 and 1', 0.5, 1)
        check_number('weight', weight, 'a factor, >= 0', 0)
        self.threshold, self.weight = threshold, weight

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the image's loss, the strong view's as a term, and the pseudo-labels."""
        score = batch.logits.detach().sigmoid()
        present = batch.positive | ~batch.negative & (score >= self.threshold)
        absent = batch.negative | ~present & (score < 1 - self.threshold)
        kept = present | absent
        strong = bce(batch.views['strong'], present, kept)
        count = batch.ranks.total(kept.to(strong.dtype)).clamp(min=1)
        return LossParts(
            assume_negative_loss(batch.logits, batch.observed),
            terms={'pseudo_labels': self.weight * batch.ranks.total(strong) / count},
            actions={
                'positive': present & batch.unobserved,
                'negative': absent & batch.unobserved,
            },
        )
