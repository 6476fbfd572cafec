"""What LL-R, LL-Ct and LL-Cp share: the schedule and the selection.

Kim et al., "Large Loss Matters in Weakly Supervised Multi-Label Classification", CVPR 2022,
https://arxiv.org/abs/2206.03740, section 3. Where the paper's text and the released code differ,
the default is the code that made the tables, and the other is an option.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ...ranks import Ranks, total
from ..base import PartialLabelLoss
from ..contract import LabelBatch, Progress
from .schedule import DeltaSchedule, ThresholdSchedule


class LargeLoss(PartialLabelLoss):
    """Base of the three losses; a subclass says what happens to the selected entries.

    The selection is over the batch of one forward pass: under gradient accumulation each
    micro-batch selects within itself, and the step takes the mean of their gradients.

    Args:
        delta_rel: percent of the labels acted on, see `DeltaSchedule`; None: the class's default.
        percent_of: 'all' takes the percentage of all B * C entries (the released code),
            'unobserved' of the batch's unobserved entries (the paper's text).
        scope: on several ranks, select from the 'global' batch, as one process would, or from
            each 'rank' for itself, which selects differently and rounds up on every rank.
        loss_weight: factor of the loss.
        reduction: see `PartialLabelLoss`.
        extra: see `PartialLabelLoss`.
        delta_abs: act on losses above a falling threshold instead, see `ThresholdSchedule`.
        start_abs: see `ThresholdSchedule`.

    Raises:
        ValueError: if an argument is out of range, or both deltas are given.
    """

    needs_progress = True
    growing: ClassVar[bool] = True
    default_rel: ClassVar[float] = 0.2

    def __init__(
        self,
        delta_rel: float | None = None,
        percent_of: str = 'all',
        scope: str = 'global',
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        delta_abs: float | None = None,
        start_abs: float = 2.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra)
        if delta_rel is not None and delta_abs is not None:
            raise ValueError(
                f'delta_rel={delta_rel} and delta_abs={delta_abs} exclude each other: give one'
            )
        if percent_of not in ('all', 'unobserved'):
            raise ValueError(f'percent_of={percent_of!r}: use "all" or "unobserved"')
        if scope not in ('global', 'rank'):
            raise ValueError(f'scope={scope!r}: use "global" or "rank"')
        self.percent_of, self.scope = percent_of, scope
        rate = self.default_rel if delta_rel is None else delta_rel
        self.schedule = DeltaSchedule(rate, self.growing)
        self.falling = None if delta_abs is None else ThresholdSchedule(delta_abs, start_abs)
        self._largest_rate = Fraction(1)
        self._budgets: dict[tuple[int, torch.device], Tensor] = {}

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Gives the loss the epoch about to start; a known length bounds the selection's work."""
        super().set_epoch(epoch, max_epochs)
        self._budgets.clear()
        if max_epochs is not None or not self.growing:
            self._largest_rate = self.schedule.rate(max(epoch, (max_epochs or 2) - 1))
        # An epoch past the one announced.
        self._largest_rate = max(self._largest_rate, self.schedule.rate(epoch))

    def select(self, batch: LabelBatch, eligible: Tensor, room: int | None = None) -> Tensor:
        """Returns the (B, C) mask of the eligible entries with the largest loss.

        n of them, `schedule.budget` of the epoch, or all with a loss above a threshold. The loss
        of an unobserved entry is softplus(logit): the largest losses are the largest logits.

        Args:
            batch: of the step.
            eligible: (B, C) bool, entries that may be selected.
            room: no more than so many; None: no limit.
        """
        ranks = batch.ranks if self.scope == 'global' else Ranks()
        if self.falling is not None:
            return self._above(self.falling, batch, eligible, room, ranks)
        entries = ranks.rows(batch.logits.shape[0]) * batch.logits.shape[1]
        base: int | Tensor = entries
        if self.percent_of == 'unobserved':
            base = eligible.sum()
            base = total(base) if ranks.sizes else base
        count = self._budget(base, batch.progress)
        if room is not None:
            count = count.clamp(max=room)
        largest = self._largest_rate
        candidates = max(-(-entries * largest.numerator // largest.denominator), 1)
        return ranks.select_largest(batch.logits.detach(), eligible, count, candidates)

    @staticmethod
    def _above(
        falling: ThresholdSchedule,
        batch: LabelBatch,
        eligible: Tensor,
        room: int | None,
        ranks: Ranks,
    ) -> Tensor:
        """Returns the mask of the eligible entries with a loss above the epoch's threshold."""
        logits = batch.logits.detach()
        least = falling.threshold(batch.progress.epoch, logits.dtype)
        above = eligible & logits.isfinite() & (F.softplus(logits) > least)
        if room is None:
            return above
        count = torch.full((), room, dtype=torch.int64, device=logits.device)
        return ranks.select_largest(logits, above, count, max(room, 1))

    def _budget(self, base: int | Tensor, progress: Progress) -> Tensor:
        """Returns the schedule's budget, which a number of entries keeps during an epoch."""
        if isinstance(base, Tensor) or torch.compiler.is_compiling():
            return self.schedule.budget(base, progress.epoch)
        key = base, progress.epochs.device
        if key not in self._budgets:
            self._budgets[key] = self.schedule.budget(base, progress.epoch)
        return self._budgets[key]

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        rule = f'delta_rel={self.schedule.delta_rel}, percent_of={self.percent_of!r}'
        if self.falling is not None:
            rule = f'delta_abs={self.falling.delta_abs}, start_abs={self.falling.start_abs}'
        return f'{rule}, loss_weight={self.loss_weight}'
