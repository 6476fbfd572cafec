"""IGNORE: likely false negatives are left out of the loss of a strongly augmented view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ..label_state import Classes, Column
from .contract import LabelBatch, LossParts
from .guarded import GuardedLoss


@MODELS.register_module()
class IGNORELoss(GuardedLoss):
    """IGNORE: unobserved labels that the evidence of the observed class cannot explain are ignored.

    With logits x of the image, x' of the image masked to its observed class and x'' of a strong
    view: gap = |x - x'|; an unobserved label is rejected if its gap exceeds G, the running mean gap
    of observed positives, and x exceeds A_c, the running mean logit of its class. Loss: weights[0]
    * mean over positives of -log p + weights[1] * mean over what is not rejected of "assume
    negative" on x'' + weights[2] * mean of (x'' - x)^2. Source: Song et al., ECCV 2024, ResNet-50
    form, https://github.com/gyeong-ryeol-song/SPML-IGNORE. G and A start at 0 and are moved before
    the loss of their step. Ours: no NaN where a batch has no positives, which then moves no G;
    observed negatives are never rejected. Means are over all ranks.

    Args:
        weights: of the three terms; the source's for VOC.
        warm_up: epochs without rejection.
        momentum: of G and A.
        log_eps: -log(p + log_eps) in place of the exact cross entropy; the source's code has 1e-5.
        loss_weight: factor of the loss.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(type='ViewsClassifier', views=['strong'], cam_mask=dict(threshold=0.8),
                     head=dict(loss=dict(type='IGNORELoss', warm_up=3)))
    """

    needs_progress = True
    needs_views = ('strong', 'masked')

    def __init__(
        self,
        weights: Sequence[float] = (0.1, 1.0, 0.5),
        warm_up: int = 3,
        momentum: float = 0.999,
        log_eps: float = 0.0,
        loss_weight: float = 1.0,
        extra: Sequence[Any] = (),
    ) -> None:
        super().__init__(loss_weight, extra=extra, log_eps=log_eps)
        if len(weights) != 3:
            raise ValueError(f'weights={tuple(weights)}: three numbers, one for each term')
        for weight in weights:
            check_number('weights', weight, 'three factors, >= 0', 0)
        check_number('warm_up', warm_up, 'a number of epochs, >= 0', 0)
        check_number('momentum', momentum, 'a share between 0 and 1', 0, 1)
        self.weights, self.warm_up, self.momentum = tuple(weights), warm_up, momentum

    def columns(self) -> dict[str, Column]:
        """Returns G, equal for all classes, and A."""
        return {'gap': Classes(), 'average': Classes()}

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the three terms and what is ignored."""
        logits, strong, ranks = batch.logits, batch.views['strong'], batch.ranks
        gap = (logits - batch.views['masked']).detach().abs()
        least_gap, average = self._moved(batch, gap)
        rejected = batch.unobserved & (gap > least_gap) & (logits.detach() > average)
        rejected = rejected & (batch.progress.epoch >= self.warm_up)
        positives = self.bce(logits, batch.positive).where(batch.positive, 0)
        kept = self.bce(strong, batch.positive).where(~rejected, 0)
        terms = {
            'positives': ranks.total(positives) / self._count(batch, batch.positive),
            'kept': ranks.total(kept) / self._count(batch, ~rejected),
            'consistency': ranks.mean((strong - logits) ** 2),
        }
        weighted = zip(terms, terms.values(), self.weights, strict=True)
        return LossParts(
            None, {name: weight * term for name, term, weight in weighted}, {'ignored': rejected}
        )

    def _moved(self, batch: LabelBatch, gap: Tensor) -> tuple[Tensor, Tensor]:
        """Moves G and A towards the batch's means and returns them."""
        assert self.state is not None
        least_gap = self.state.classes('gap').data
        average = self.state.classes('average').data
        rows = batch.ranks.rows(len(gap))
        with torch.no_grad():
            mean_gap = batch.ranks.total(gap.where(batch.positive, 0)) / self._count(
                batch, batch.positive
            )
            seen = batch.ranks.total(batch.positive.to(gap.dtype)) > 0
            step = 1 - self.momentum
            least_gap.add_((step * (mean_gap.to(least_gap) - least_gap)).where(seen, 0))
            if rows:
                sums = batch.ranks.column_totals(batch.logits.detach())
                average.add_(step * ((sums / rows).to(average) - average))
        return least_gap.to(gap.dtype), average.to(gap.dtype)

    def _count(self, batch: LabelBatch, mask: Tensor) -> Tensor:
        return batch.ranks.total(mask.to(batch.logits.dtype)).clamp(min=1)
