"""Losses of the observed labels alone: the floor "IU", and EPR, which counts the positives."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from mmengine.logging import print_log
from mmpretrain.registry import MODELS
from torch import Tensor

from ..label_state import TrainingFacts
from .contract import LabelBatch, LossParts
from .entrywise import bce
from .expected_positives import check_expected, distance_to_expected
from .guarded import GuardedLoss


def observed_loss(batch: LabelBatch, log_eps: float) -> Tensor:
    """Returns the (B, C) cross entropy of the observed labels, 0 for all others."""
    return bce(batch.logits, batch.positive, ~batch.unobserved, log_eps)


@MODELS.register_module()
class IgnoreUnobservedLoss(GuardedLoss):
    """The floor "IU": cross entropy of the observed labels, unobserved ones count nothing.

    l = -log p for observed positives, -log(1 - p) for observed negatives, 0 for all others, divided
    by B * C as every loss here. Where no negative is observed (single positives) it learns that
    everything is present: it then warns. The authors' code refuses such a batch. Source: Cole et
    al., CVPR 2021, https://arxiv.org/abs/2106.09708 (their L_IU).

    Args:
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Config:
        model = dict(head=dict(loss=dict(type='IgnoreUnobservedLoss')))
    """

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the cross entropy of the observed entries."""
        return LossParts(observed_loss(batch, self.log_eps))

    def start(self, facts: TrainingFacts) -> None:
        """Warns where no negative is observed."""
        super().start(facts)
        if facts.has_no_negative and facts.num_unobserved:
            print_log(
                'IgnoreUnobservedLoss: no label of the training set is observed to be negative, so '
                'it learns that every class is present; take it as the floor only',
                'current',
                logging.WARNING,
            )


@MODELS.register_module()
class EPRLoss(GuardedLoss):
    """Expected positive regularisation: observed labels, and the number of predicted positives.

    l = -log p for observed positives, 0 for unobserved labels; added to their mean, undivided, is
    R = ((1/B) * sum over images and classes of p - k)^2 / C^2 of the global batch. Observed
    negatives, of which the paper has none, count as -log(1 - p). Source: Cole et al., CVPR 2021,
    https://arxiv.org/abs/2106.09708 (their L_EPR), as in their code.

    Args:
        expected_num_pos: k, mean number of positive labels of an image; it has no default. The
            paper has VOC 1.5, COCO 2.9, NUS-WIDE 1.9, CUB 31.4.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'; it
            does not concern R.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if the expected number is missing or negative.

    Config:
        model = dict(head=dict(loss=dict(type='EPRLoss', expected_num_pos=1.5)))
    """

    def __init__(
        self,
        expected_num_pos: float | None = None,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        self.expected_num_pos = check_expected('EPRLoss', expected_num_pos)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the cross entropy of the observed entries and the term of the batch."""
        term = distance_to_expected(batch.logits.sigmoid(), self.expected_num_pos, batch)
        return LossParts(observed_loss(batch, self.log_eps), terms={'expected_positives': term})
