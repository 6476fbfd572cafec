"""The base of losses whose papers guard their logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from wsml_mm.labels.numbers import check_number

from .base import PartialLabelLoss
from .entrywise import bce


def check_log_eps(log_eps: float) -> float:
    """Returns e of -ln(p + e).

    Raises:
        ValueError: if it is more than a guard.
    """
    check_number('log_eps', log_eps, 'a small number to guard logarithms, 0 to 0.1', 0, 0.1)
    return float(log_eps)


class GuardedLoss(PartialLabelLoss):
    """Base of losses made of -ln(p) and -ln(1 - p), exact or with the guard of a paper's code.

    Args:
        loss_weight: factor of the loss.
        reduction: see `PartialLabelLoss`.
        extra: see `PartialLabelLoss`.
        log_eps: e of -ln(p + e), see `entrywise.log_loss`; 0: exact.

    Raises:
        ValueError: if an argument is out of range.
    """

    def __init__(
        self,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        self.log_eps = check_log_eps(log_eps)

    def bce(self, logits: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Returns the (B, C) cross entropy with (B, C) targets, bool or soft, and weights."""
        return bce(logits, target, weight, self.log_eps)
