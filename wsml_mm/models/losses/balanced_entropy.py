"""Entropy maximisation whose weight follows from the labels that are observed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.labels.numbers import check_number

from ..label_state import TrainingFacts
from .contract import LabelBatch, LossParts
from .entropy_maximisation import EMLoss


@MODELS.register_module()
class BalancedEMLoss(EMLoss):
    """Entropy maximisation with the weight that the observed labels of the training set ask for.

    The loss of `EMLoss` with alpha = scale * sqrt(P / U), P the observed positive and U the
    unobserved labels of the training set: 0.4 * 0.5 with one positive an image of 5 classes, 0.4 *
    0.23 of 20. The weight is ours and was chosen on validation labels; the loss is that of Zhou et
    al., ECCV 2022, https://arxiv.org/abs/2203.16219. It is the loss of the method `recipe`, which
    adds `ScaledWeightDecayHook` and a learning rate that falls to 0.

    Args:
        scale: of the weight.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e); 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='BalancedEMLoss')))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    def __init__(
        self,
        scale: float = 0.4,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(0.0, loss_weight, reduction, extra, log_eps)
        check_number('scale', scale, 'a factor from 0 to 10', 0, 10)
        self.scale, self._balanced = scale, False

    def start(self, facts: TrainingFacts) -> None:
        """Finds the weight.

        Raises:
            ValueError: if no label is positive, or the labels are not known.
        """
        super().start(facts)
        positive, unobserved = (
            int(facts.class_counts(value).sum()) for value in (POSITIVE, UNOBSERVED)
        )
        if not positive:
            raise ValueError(
                'BalancedEMLoss: no label of the training set is positive; check its annotations'
            )
        self.alpha = min(self.scale * math.sqrt(positive / max(unobserved, 1)), 1.0)
        self._balanced = True

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of `EMLoss` with that weight.

        Raises:
            RuntimeError: if the training set is not known.
        """
        if not self._balanced:
            self.facts_of_loop(batch.logits.shape[1])
        return super().compute(batch)

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'scale={self.scale}'
