"""LL-R, LL-Ct and LL-Cp of "Large Loss Matters in Weakly Supervised Multi-Label Classification".

Kim et al., CVPR 2022, https://arxiv.org/abs/2206.03740, section 3. Where the paper's text and the
released code differ, the default is the code that made the tables, and the other is an option.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.models.ranks import select_over_ranks, total
from wsml_mm.models.selection import select_largest, selection_budget

from .assume_negative import PartialLabelLoss
from .functional import correct, reject
from .schedule import DeltaSchedule


class LargeLoss(PartialLabelLoss):
    """Base of the three losses: the schedule and the selection; a subclass says what to do.

    The selection is over the batch of one forward pass: under gradient accumulation each
    micro-batch selects within itself, and the step takes the mean of their gradients.

    Args:
        delta_rel: percent of the labels acted on, see `DeltaSchedule`.
        percent_of: 'all' takes the percentage of all B * C entries (the released code),
            'unobserved' of the batch's unobserved entries (the paper's text).
        scope: on several ranks, select from the 'global' batch, as one process would, or from
            each 'rank' for itself, which selects differently and rounds up on every rank.
        loss_weight: factor of the loss.

    Raises:
        ValueError: if an argument is out of range.
    """

    growing = True
    _rate: Tensor
    modify: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __init__(
        self,
        delta_rel: float = 0.2,
        percent_of: str = 'all',
        scope: str = 'global',
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(loss_weight)
        if percent_of not in ('all', 'unobserved'):
            raise ValueError(f'percent_of={percent_of!r}: use "all" or "unobserved"')
        if scope not in ('global', 'rank'):
            raise ValueError(f'scope={scope!r}: use "global" or "rank"')
        self.percent_of, self.scope = percent_of, scope
        self.schedule = DeltaSchedule(delta_rel, self.growing)
        self.epoch: int | None = None
        # A compiled forward would guard on the value of `epoch` and recompile in every epoch.
        self._told_epoch = False
        self._largest_rate = Fraction(1)
        # On the device, so that a new epoch changes a value and no shape and no code; not in the
        # state_dict, since the epoch alone determines it.
        self.register_buffer('_rate', torch.tensor([0, 1]), persistent=False)

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Tells the schedule the epoch about to start.

        Args:
            epoch: counted from 0.
            max_epochs: length of the training if known; it bounds the selection's work.
        """
        rate = self.schedule.rate(epoch)
        self.epoch, self._told_epoch = epoch, True
        if max_epochs is not None or not self.growing:
            self._largest_rate = self.schedule.rate(max(epoch, (max_epochs or 2) - 1))
        self._largest_rate = max(self._largest_rate, rate)  # an epoch past the one announced
        self._rate.copy_(torch.tensor([rate.numerator, rate.denominator]))

    def training_loss(
        self,
        logits: Tensor,
        target: Tensor,
        sample_idx: Tensor | None = None,
        sizes: list[int] | None = None,
    ) -> Tensor:
        """Returns the (B, C) training loss of each entry, the selected ones changed."""
        labels = self._corrected(target, sample_idx)
        if not self._told_epoch:
            raise RuntimeError(
                f'{type(self).__name__} was not told the epoch, so its schedule would stand still: '
                "add default_hooks = dict(large_loss=dict(type='LargeLossHook')) to the config, or "
                'call loss.set_epoch(epoch) at the start of each epoch of your own loop'
            )
        unobserved = labels == UNOBSERVED
        selected = self.select(logits.detach(), unobserved, sizes)
        self._remember(logits, target, unobserved, selected)
        self._record(selected, sample_idx)
        return type(self).modify(logits, labels, selected)

    def select(self, logits: Tensor, unobserved: Tensor, sizes: list[int] | None = None) -> Tensor:
        """Returns the (B, C) mask of the entries this epoch's rate selects."""
        ranks = sizes if self.scope == 'global' else None
        entries = (sum(ranks) if ranks else len(logits)) * logits.shape[1]
        base: int | Tensor = entries
        if self.percent_of == 'unobserved':
            base = total(unobserved.sum()) if ranks else unobserved.sum()
        count = self._budget(selection_budget(base, self._rate))
        largest = self._largest_rate
        candidates = max(-(-entries * largest.numerator // largest.denominator), 1)
        if ranks:
            return select_over_ranks(logits, unobserved, count, candidates, max(ranks))
        return select_largest(logits, unobserved, count, candidates)

    def _corrected(self, target: Tensor, sample_idx: Tensor | None) -> Tensor:
        """Returns the (B, C) labels to train with, earlier corrections applied."""
        return target

    def _budget(self, count: Tensor) -> Tensor:
        return count

    def _record(self, selected: Tensor, sample_idx: Tensor | None) -> None:
        pass

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return (
            f'delta_rel={self.schedule.delta_rel}, percent_of={self.percent_of!r}, '
            f'loss_weight={self.loss_weight}'
        )


@MODELS.register_module()
class LargeLossReject(LargeLoss):
    """LL-R: in epoch t the (t - 1) * delta_rel percent largest unobserved losses count nothing.

    Args:
        delta_rel, percent_of, scope, loss_weight: as for `LargeLoss`.
    """

    modify = staticmethod(reject)


@MODELS.register_module()
class LargeLossCorrectTemp(LargeLoss):
    """LL-Ct: in epoch t the (t - 1) * delta_rel percent largest count as positive, for the step.

    Args:
        delta_rel, percent_of, scope, loss_weight: as for `LargeLoss`.
    """

    modify = staticmethod(correct)
