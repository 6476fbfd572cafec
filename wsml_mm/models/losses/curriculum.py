"""Curriculum labelling: confident scores count as known labels, chosen anew after each epoch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Entries, TrainingFacts
from .base import Predictions
from .contract import LabelBatch, LossParts
from .end_of_epoch import check_room, check_warm_up, open_scores
from .guarded import GuardedLoss


@MODELS.register_module()
class CurriculumLoss(GuardedLoss):
    """Curriculum labelling by score: logits beyond a threshold count as known labels.

    After each epoch t >= warm_up an unobserved label with a logit below the lower threshold counts
    as negative, above the upper one as positive, until the next epoch's end: the choice is replaced
    and not added to. Known and chosen labels have the binary cross entropy, all others none.
    Sources: Durand et al., CVPR 2019, https://arxiv.org/abs/1902.09720, by its score strategy, as
    in https://github.com/maxium0526/mlcpl (their 'score'; no code was released with the paper).
    Ours: no schedule is published, so labels are chosen after every epoch, from the test pipeline.

    Args:
        threshold: on the logit; one number for both sides, or (lower, upper) around 0. The code
            has 0.5.
        positives_only: choose positives alone (their 'positive_score').
        warm_up: epochs before the first choice.
        assume_negative_first: take unobserved labels for negative during the warm-up. Where no
            negative is observed (single positives) the first model needs it, or it would learn
            that everything is present and choose that.
        partial_bce: (a, b, gamma) of the paper's normalisation: the loss of an image is multiplied
            by g(r) = a * r^gamma + b, r its share of known and chosen labels; the paper has
            (-4.45, 5.45, 1), which is g(1) = 1 and about 5 at a tenth. None: g = 1.
        max_gigabytes: refuse to take more memory than this, 12 bytes a chosen label.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e); 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='CurriculumLoss', assume_negative_first=True)))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    needs_progress = True

    def __init__(
        self,
        threshold: float | Sequence[float] = 0.5,
        positives_only: bool = False,
        warm_up: int = 1,
        assume_negative_first: bool = False,
        partial_bce: Sequence[float] | None = None,
        max_gigabytes: float = 4.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        self.threshold = _both_sides(threshold)
        self.positives_only, self.assume_negative_first = positives_only, assume_negative_first
        self.warm_up = check_warm_up('CurriculumLoss', warm_up)
        if partial_bce is not None and len(partial_bce) != 3:
            raise ValueError(f'partial_bce={partial_bce}: three numbers (a, b, gamma), or None')
        for number in partial_bce or ():
            check_number('partial_bce', number, 'three finite numbers (a, b, gamma)')
        check_number('max_gigabytes', max_gigabytes, 'gigabytes, >= 0', 0)
        self.partial_bce, self.max_gigabytes = partial_bce, max_gigabytes

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `chosen`, of labels 1 and 0."""
        return {'chosen': Entries(keep='last')}

    def start(self, facts: TrainingFacts) -> None:
        """Creates the empty store.

        Raises:
            ValueError: if nothing is known of negatives, or the labels might not fit into memory.
        """
        without = facts.has_no_negative and facts.num_unobserved
        if without and not self.assume_negative_first:
            raise ValueError(
                'CurriculumLoss: no label of the training set is observed to be negative, so its '
                'first model would learn that every class is present; set '
                'assume_negative_first=True, or observe some negatives'
            )
        check_room('CurriculumLoss', facts.num_unobserved or 0, self.max_gigabytes)
        super().start(facts)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the cross entropy of known and chosen labels."""
        store, x = self.state.entries('chosen'), batch.logits  # type: ignore[union-attr]
        chosen = batch.held_in(store)
        positive = store.values(batch.samples) > 0
        present = chosen & positive.to(x.device, non_blocking=True)
        counted = ~batch.unobserved | chosen
        if self.assume_negative_first:
            counted = counted | (batch.progress.epoch < self.warm_up)
        weight = counted.to(x.dtype)
        if self.partial_bce is not None:
            weight = weight * self._normaliser(weight)
        entries = self.bce(x, batch.positive | present, weight)
        actions = {'kept_positive': present, 'kept_negative': chosen & ~present}
        return LossParts(entries, actions=actions)

    def _normaliser(self, counted: Tensor) -> Tensor:
        a, b, gamma = self.partial_bce or (0.0, 1.0, 1.0)
        share: Tensor = counted.mean(1, keepdim=True)
        return a * share**gamma + b

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Chooses anew."""
        super().end_epoch(predict)
        assert self.state is not None
        store, epoch = self.state.entries('chosen'), self.epoch or 0
        if epoch + 1 < self.warm_up:
            return
        lower, upper = torch.sigmoid(torch.tensor(self.threshold, dtype=torch.float64))
        store.clear()
        for samples, scores, unobserved in open_scores(predict, self.state.facts):
            present, absent = scores > upper, scores < lower
            sure = present if self.positives_only else present | absent
            store.add(samples, unobserved & sure, present)
        store.merge(epoch)

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'threshold={self.threshold}, warm_up={self.warm_up}'


def _both_sides(threshold: float | Sequence[float]) -> tuple[float, float]:
    """Returns the lower and the upper threshold on the logit."""
    sides = tuple(threshold) if isinstance(threshold, (list, tuple)) else (threshold,)
    for side in sides:
        check_number('threshold', side, 'a logit, or (lower, upper) with lower <= 0 <= upper')
    lower, upper = (-sides[0], sides[0]) if len(sides) == 1 else (sides[0], sides[-1])
    if len(sides) > 2 or not lower <= 0 <= upper:
        raise ValueError(f'threshold={threshold}: a logit >= 0, or (lower, upper) around 0')
    return lower, upper
