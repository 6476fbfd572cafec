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


def log_loss(logits: Tensor, log_eps: float = 0.0) -> Tensor:
    """Returns -ln(p + log_eps) of each entry, p = sigmoid(logit); of 1 - p with `-logits`.

    Args:
        logits: (B, C) float.
        log_eps: guard of the logarithm in the code of several papers, 1e-5 as a rule. It is more
            than a guard: it cuts the gradient of entries that are far off, at a logit of -20 from
            1 to 0.0002. 0: exact and stable at any logit.
    """
    return -(logits.sigmoid() + log_eps).log() if log_eps else -F.logsigmoid(logits)


def bce(
    logits: Tensor, positive: Tensor, counted: Tensor | None = None, log_eps: float = 0.0
) -> Tensor:
    """Returns the binary cross entropy of each entry.

    Args:
        logits: (B, C) float.
        positive: (B, C), bool, or soft targets between 0 and 1.
        counted: (B, C) bool, the others have no loss; None: all. Also float weights.
        log_eps: see `log_loss`.
    """
    target = _like(positive, logits)
    weight = None if counted is None else _like(counted, logits)
    if not log_eps:
        return F.binary_cross_entropy_with_logits(logits, target, weight, reduction='none')
    entries = target * log_loss(logits, log_eps) + (1 - target) * log_loss(-logits, log_eps)
    return entries if weight is None else weight * entries


def entropy(logits: Tensor, log_eps: float = 0.0) -> Tensor:
    """Returns the entropy of each entry, p * -ln(p) + (1 - p) * -ln(1 - p).

    Args:
        logits: (B, C) float.
        log_eps: see `log_loss`.
    """
    p = logits.sigmoid()
    return p * log_loss(logits, log_eps) + (1 - p) * log_loss(-logits, log_eps)


def assume_negative_loss(
    logits: Tensor, target: Tensor, counted: Tensor | None = None, log_eps: float = 0.0
) -> Tensor:
    """Returns each entry's loss with unobserved labels taken as negative ("assume negative").

    Args:
        logits: (B, C) float.
        target: (B, C) of {1, 0, -1}.
        counted: see `bce`.
        log_eps: see `log_loss`.
    """
    # On a CPU a comparison and the conversion of its bools take several times as long.
    return bce(logits, _like(target, logits).clamp(min=NEGATIVE), counted, log_eps)


def _like(values: Tensor, logits: Tensor) -> Tensor:
    # At 16 x 80 labels a conversion that changes nothing takes half as long as the clamp.
    return values if values.dtype == logits.dtype else values.to(logits.dtype)
