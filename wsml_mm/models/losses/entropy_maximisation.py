"""EM and EM + APL: unobserved labels as unknown, then the lowest scores as soft negatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from mmpretrain.registry import MODELS
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Entries, TrainingFacts
from .base import Predictions
from .contract import LabelBatch, LossParts
from .end_of_epoch import (
    LowestOfClasses,
    check_room,
    check_some_are_left,
    check_warm_up,
    open_scores,
)
from .entrywise import bce, entropy
from .guarded import GuardedLoss


def em_entries(batch: LabelBatch, alpha: float | Tensor, log_eps: float) -> Tensor:
    """Returns the (B, C) loss of `EMLoss`: cross entropy, and -alpha * H(p) of unobserved labels.

    Args:
        batch: of labels.
        alpha: weight of the entropy, a number or 0-d.
        log_eps: see `entrywise.log_loss`.
    """
    unknown = -alpha * entropy(batch.logits, log_eps)
    return unknown.where(batch.unobserved, bce(batch.logits, batch.positive, log_eps=log_eps))


@MODELS.register_module()
class EMLoss(GuardedLoss):
    """Entropy maximisation: unobserved labels are drawn to the score that decides nothing.

    l = -log p for observed positives, -alpha * H(p) for unobserved labels, H(p) = -p log p -
    (1 - p) log(1 - p). The loss may be negative. Observed negatives, of which the paper has none,
    count as -log(1 - p). Source: Zhou et al., ECCV 2022, https://arxiv.org/abs/2203.16219; its
    trainings stop at the first epoch whose validation mAP is not higher, and its decisions are
    taken at a score of 0.75.

    Args:
        alpha: weight of the entropy, VOC 0.2, COCO and NUS-WIDE 0.1, CUB 0.01 in the paper.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='EMLoss', alpha=0.1)))
    """

    def __init__(
        self,
        alpha: float = 0.2,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        check_number('alpha', alpha, 'a weight from 0 to 1', 0, 1)
        self.alpha = alpha

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns cross entropy where a label is observed, minus the entropy elsewhere."""
        return LossParts(em_entries(batch, self.alpha, self.log_eps))

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'alpha={self.alpha}'


@MODELS.register_module()
class EMAPLLoss(EMLoss):
    """EM with asymmetric pseudo-labelling: after each epoch the lowest scores are soft negatives.

    After each epoch t >= w, but the last of T, the floor(share * U_c / (T - w)) open labels of
    lowest score p of each class c keep s = p as their soft target for good; U_c are its unobserved
    labels before training. Their loss is beta * (-s log p - (1 - s) log(1 - p)), all others' is
    that of `EMLoss`. Source: Zhou et al., ECCV 2022, https://arxiv.org/abs/2203.16219, as in their
    code. Ours: equal scores are taken in the order of the images; scores come from the test
    pipeline, where their code has the training's random flip; a score of 0 is one as well.

    Args:
        alpha: weight of the entropy, VOC 0.2, COCO and NUS-WIDE 0.1, CUB 0.01 in the paper.
        beta: weight of soft negatives, VOC 0.02, COCO 0.9, NUS-WIDE 0.2, CUB 0.4 in the paper.
        warm_up: w, epochs of EM alone, VOC and COCO 5, NUS-WIDE 4, CUB 3 in the paper.
        share: of the unobserved labels that are soft negatives in the end.
        max_gigabytes: refuse to take more memory than this, 12 bytes a soft negative.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='EMAPLLoss', alpha=0.1, beta=0.9, warm_up=5)))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    needs_progress = True

    def __init__(
        self,
        alpha: float = 0.2,
        beta: float = 0.02,
        warm_up: int = 5,
        share: float = 0.9,
        max_gigabytes: float = 4.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(alpha, loss_weight, reduction, extra, log_eps)
        check_number('beta', beta, 'a weight from 0 to 1', 0, 1)
        check_number('share', share, 'a share from 0 to 1', 0, 1)
        check_number('max_gigabytes', max_gigabytes, 'gigabytes, >= 0', 0)
        self.beta, self.share, self.max_gigabytes = beta, share, max_gigabytes
        self.warm_up = check_warm_up('EMAPLLoss', warm_up)

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `soft_negatives`, of targets from 0 to 1."""
        return {'soft_negatives': Entries(keep='first')}

    def start(self, facts: TrainingFacts) -> None:
        """Creates the empty store.

        Raises:
            ValueError: if the training is no longer than its warm-up, or the soft negatives would
                not fit into memory.
        """
        check_some_are_left('EMAPLLoss', self.warm_up, facts)
        check_room('EMAPLLoss', int(self.share * (facts.num_unobserved or 0)), self.max_gigabytes)
        super().start(facts)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of EM but at soft negatives."""
        store, x = self.state.entries('soft_negatives'), batch.logits  # type: ignore[union-attr]
        soft = batch.held_in(store)
        target = store.values(batch.samples).to(x, non_blocking=True)
        others = em_entries(batch, self.alpha, self.log_eps)
        entries = (self.beta * self.bce(x, target)).where(soft, others)
        return LossParts(entries, actions={'kept_negative': soft})

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Labels the lowest scores of each class, with a pass over the training set."""
        super().end_epoch(predict)
        assert self.state is not None
        facts, store = self.state.facts, self.state.entries('soft_negatives')
        epoch = (self.epoch or 0) + 1
        if not self.warm_up <= epoch < (facts.max_epochs or 0):
            return
        lowest = LowestOfClasses(self.quota(facts))
        for samples, scores, undecided in open_scores(predict, facts, store):
            lowest.add(samples, scores, undecided)
        found, classes, targets = lowest.of_all_ranks()
        store.write(found * facts.num_classes + classes, targets, epoch - 1)

    def quota(self, facts: TrainingFacts) -> NDArray[np.int64]:
        """Returns how many labels of each class an epoch writes, (C,), exactly."""
        rate = Fraction(str(self.share)) / (check_some_are_left('EMAPLLoss', self.warm_up, facts)
                                            - self.warm_up)  # fmt: skip
        return facts.unobserved_per_class() * rate.numerator // rate.denominator

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'alpha={self.alpha}, beta={self.beta}, warm_up={self.warm_up}'
