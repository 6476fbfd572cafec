"""Which labels to act on: an exact share of them, or those with a loss above a threshold."""

from __future__ import annotations

from fractions import Fraction

import torch
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ...selection import selection_budget

# The budget is computed on the device in int64, base * numerator / denominator; a base below
# 2**31 entries and a numerator below 2**31 cannot overflow.
_LIMIT = 2**31


class DeltaSchedule:
    """The share of labels acted on in each epoch (Large Loss Matters, section 3 and its code).

    With t the epoch counted from 1: (t - 1) * delta_rel percent if `growing` (LL-R, LL-Ct), else
    delta_rel percent from t = 2 on (LL-Cp); nothing at t = 1.

    Args:
        delta_rel: percent, 0 to 100; taken as the decimal it is written as, so 0.1 is 1/1000.
        growing: whether the share grows with the epoch.

    Raises:
        ValueError: if delta_rel is outside 0..100 or has too many digits to be exact.
    """

    def __init__(self, delta_rel: float, growing: bool) -> None:
        check_number('delta_rel', delta_rel, 'a percentage between 0 and 100', 0, 100)
        self.delta_rel, self.growing = delta_rel, growing
        self.fraction = Fraction(str(delta_rel)) / 100
        if max(self.fraction.numerator, self.fraction.denominator) >= _LIMIT:
            raise ValueError(
                f'delta_rel={delta_rel} has too many digits for an exact count; '
                'write a shorter decimal, e.g. round(delta_rel, 6)'
            )

    def rate(self, epoch: int) -> Fraction:
        """Returns the share of labels acted on in `epoch`, counted from 0.

        Raises:
            ValueError: if the epoch is negative.
        """
        if epoch < 0:
            raise ValueError(f'epoch={epoch}: epochs count from 0')
        return min(self.fraction * (epoch if self.growing else min(epoch, 1)), Fraction(1))

    def budget(self, base: int | Tensor, epoch: Tensor) -> Tensor:
        """Returns n = ceil(base * rate(epoch)) as a 0-d int64 tensor, without a host sync.

        Args:
            base: number of entries the rate is taken of.
            epoch: 0-d int64, counted from 0.
        """
        times = epoch if self.growing else epoch.clamp(max=1)
        denominator = self.fraction.denominator
        numerator = (self.fraction.numerator * times).clamp(max=denominator)
        return selection_budget(base, numerator, denominator)


class ThresholdSchedule:
    """The loss above which unobserved labels are acted on, R(t) = start_abs - t * delta_abs.

    t counts epochs from 1, and nothing is acted on at t = 1: the paper's supplement, which has the
    formula, does not say either. R may pass 0, from when on every unobserved label is acted on.

    Args:
        delta_abs: what the threshold falls by in each epoch; the paper tried 0.1, 0.15 and 0.2.
        start_abs: R0; the paper tried 1, 1.5 and 2.

    Raises:
        ValueError: if a value is negative.
    """

    def __init__(self, delta_abs: float, start_abs: float) -> None:
        check_number('delta_abs', delta_abs, 'a difference of losses, >= 0', 0)
        check_number('start_abs', start_abs, 'a loss, >= 0', 0)
        self.delta_abs, self.start_abs = delta_abs, start_abs

    def threshold(self, epoch: Tensor, dtype: torch.dtype) -> Tensor:
        """Returns R of an epoch counted from 0, a 0-d tensor; infinite in the first."""
        value = self.start_abs - (epoch + 1).to(dtype) * self.delta_abs
        return value.masked_fill(epoch < 1, torch.inf)
