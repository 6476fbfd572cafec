"""The baseline and the common ground of the losses for partially observed labels."""

from __future__ import annotations

from typing import NamedTuple

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.models.ranks import batch_sizes, mean_over_ranks, world_size

from .functional import assume_negative_loss, check_target, full_precision


class LossTrace(NamedTuple):
    """What a loss saw and did in its last training step, all (B, C) and detached.

    `entry_loss` is the "assume negative" loss of each entry against the labels as observed;
    `unobserved` (neither observed nor corrected earlier: open to the selection) and `selected` are
    bool; `target` holds the labels as observed, {1, 0, -1}, without any correction.
    """

    entry_loss: Tensor
    unobserved: Tensor
    selected: Tensor
    target: Tensor


class PartialLabelLoss(nn.Module):
    """Base of the losses for targets of {1, 0, -1}: precision, checks, reduction and trace.

    The mean is over B * C, as in the reference code, whatever `avg_factor` says: MMPretrain's
    multi-label heads pass B, which would multiply the gradient by C. In training on several ranks
    B is the global batch: every rank returns its value, and the gradients that
    DistributedDataParallel averages are those of one process, uneven batches included.

    Args:
        loss_weight: factor of the loss.
    """

    needs_sample_idx = False
    # Set by the hook where the sampler deals every rank as many samples: spares an exchange.
    even_batches = False

    def __init__(self, loss_weight: float = 1.0) -> None:
        super().__init__()
        self.loss_weight = loss_weight
        self.keep_trace = False
        self.trace: LossTrace | None = None

    def forward(
        self,
        cls_score: Tensor,
        target: Tensor,
        avg_factor: float | None = None,
        sample_idx: Tensor | None = None,
    ) -> Tensor:
        """Returns the mean loss of the batch, a 0-d tensor.

        Args:
            cls_score: (B, C) logits; half types are computed in float32.
            target: (B, C) labels, 1 positive, 0 known negative, -1 unobserved.
            avg_factor: accepted for the sake of the heads, not used.
            sample_idx: (B,) positions in the data set, for losses with per-sample state.
        """
        logits = full_precision(cls_score)
        check_target(logits, target)
        if not self.training:
            return self.loss_weight * mean_over_ranks(assume_negative_loss(logits, target), None)
        sizes = None
        if world_size() > 1:
            sizes = batch_sizes(len(logits), logits.device, self.even_batches)
        entry_loss = self.training_loss(logits, target, sample_idx, sizes)
        return self.loss_weight * mean_over_ranks(entry_loss, sizes)

    def training_loss(
        self,
        logits: Tensor,
        target: Tensor,
        sample_idx: Tensor | None = None,
        sizes: list[int] | None = None,
    ) -> Tensor:
        """Returns the (B, C) training loss of each entry; `sizes` are all ranks' batches."""
        self._remember(
            logits, target, target == UNOBSERVED, torch.zeros_like(target, dtype=torch.bool)
        )
        return assume_negative_loss(logits, target)

    def _remember(
        self, logits: Tensor, target: Tensor, unobserved: Tensor, selected: Tensor
    ) -> None:
        if self.keep_trace:
            with torch.no_grad():
                entry_loss = assume_negative_loss(logits.detach(), target)
            self.trace = LossTrace(entry_loss, unobserved, selected, target)


@MODELS.register_module()
class AssumeNegativeLoss(PartialLabelLoss):
    """The baseline "AN": binary cross entropy with every unobserved label taken as negative.

    With every label known it is plain binary cross entropy, the full-label upper bound.

    Args:
        loss_weight: factor of the loss.
    """
