"""The selection routine: exactly n unobserved entries of the batch with the largest loss.

The loss of an unobserved entry under "assume negative" is softplus(logit), which increases with
the logit, so the largest losses are the largest logits, with fewer ties. Everything here stays on
the device: n is a 0-d tensor and never a shape, so that no step waits for the host and no epoch
recompiles a compiled model.
"""

from __future__ import annotations

import torch
from torch import Tensor


def selection_budget(base: int | Tensor, numerator: Tensor, denominator: int) -> Tensor:
    """Returns n = ceil(base * numerator / denominator) as a 0-d int64 tensor.

    Args:
        base: number of entries the rate is taken of.
        numerator: of the rate, 0-d int64.
        denominator: of the rate.
    """
    return torch.div(base * numerator + denominator - 1, denominator, rounding_mode='floor')


def select_largest(
    logits: Tensor, eligible: Tensor, count: Tensor, candidates: int | None = None
) -> Tensor:
    """Marks the `count` eligible entries with the largest logits.

    Equal logits are taken in the order of (row, class). `torch.topk` promises nothing about ties,
    so it only supplies the value of the last place; entries above it are all taken, entries equal
    to it are counted off in order. A logit that is not finite is never taken: the loss would hide
    that the model has diverged.

    Args:
        logits: (B, C), float32 or float64.
        eligible: (B, C) bool, the unobserved entries.
        count: 0-d int64 tensor; more than the eligible entries means all of them.
        candidates: a bound on `count` known before the step, at least 1 (a shape); None: B * C.

    Returns:
        (B, C) bool, true at min(count, finite eligible) entries.
    """
    if logits.numel() == 0:
        return torch.zeros_like(eligible)
    eligible = (eligible & torch.isfinite(logits)).flatten()
    scores = logits.flatten().masked_fill(~eligible, -torch.inf)
    places = logits.numel() if candidates is None else min(candidates, logits.numel())
    best = torch.topk(scores, places).values
    last = best.gather(0, (count - 1).clamp(0, places - 1).reshape(1))
    above = scores > last
    level = (scores == last) & eligible
    chosen = above | (level & (level.cumsum(0) <= count - above.sum()))
    return chosen.view(logits.shape)
