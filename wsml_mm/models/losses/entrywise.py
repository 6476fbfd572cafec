"""Per-entry losses as pure functions of (logits, labels)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from wsml_mm.labels.encoding import NEGATIVE


def full_precision(logits: Tensor) -> Tensor:
    """Returns half-precision logits as float32 and others as they are.

    Half types tie by the dozen and overflow in log(1 - sigmoid(x)); float64 is kept for checks.
    """
    return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits


def bce(logits: Tensor, positive: Tensor, counted: Tensor | None = None) -> Tensor:
    """Returns the binary cross entropy of each entry.

    Args:
        logits: (B, C) float.
        positive: (B, C), bool, or soft targets between 0 and 1.
        counted: (B, C) bool, the others have no loss; None: all.
    """
    weight = None if counted is None else counted.to(logits.dtype)
    return F.binary_cross_entropy_with_logits(
        logits, positive.to(logits.dtype), weight, reduction='none'
    )


def assume_negative_loss(logits: Tensor, target: Tensor, counted: Tensor | None = None) -> Tensor:
    """Returns each entry's loss with unobserved labels taken as negative ("assume negative").

    Args:
        logits: (B, C) float.
        target: (B, C) of {1, 0, -1}.
        counted: see `bce`.
    """
    # On a CPU a comparison and the conversion of its bools take several times as long.
    return bce(logits, target.to(logits.dtype).clamp(min=NEGATIVE), counted)
