"""LL-R, LL-Ct and LL-Cp of "Large Loss Matters in Weakly Supervised Multi-Label Classification".

Kim et al., CVPR 2022, https://arxiv.org/abs/2206.03740, section 3. Where the paper's text and the
released code differ, the default is the code that made the tables, and the other is an option.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import torch
from mmpretrain.registry import MODELS
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.datasets.labels import POSITIVE, UNOBSERVED

from ..corrections import CorrectionStore
from .assume_negative import PartialLabelLoss
from .functional import correct, reject
from .schedule import DeltaSchedule
from .selection import select_largest, selection_budget


class LargeLoss(PartialLabelLoss):
    """Base of the three losses: the schedule and the selection; a subclass says what to do.

    Args:
        delta_rel: percent of the labels acted on, see `DeltaSchedule`.
        percent_of: 'all' takes the percentage of all B * C entries (the released code),
            'unobserved' of the batch's unobserved entries (the paper's text).
        loss_weight: factor of the loss.

    Raises:
        ValueError: if delta_rel or percent_of is out of range.
    """

    growing = True
    _rate: Tensor
    modify: Callable[[Tensor, Tensor, Tensor], Tensor]

    def __init__(self, delta_rel: float, percent_of: str = 'all', loss_weight: float = 1.0) -> None:
        super().__init__(loss_weight)
        if percent_of not in ('all', 'unobserved'):
            raise ValueError(f'percent_of={percent_of!r}: use "all" or "unobserved"')
        self.percent_of = percent_of
        self.schedule = DeltaSchedule(delta_rel, self.growing)
        self.epoch: int | None = None
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
        self.epoch = epoch
        if max_epochs is not None or not self.growing:
            self._largest_rate = self.schedule.rate(max(epoch, (max_epochs or 2) - 1))
        self._rate.copy_(torch.tensor([rate.numerator, rate.denominator]))

    def training_loss(self, logits: Tensor, target: Tensor, sample_idx: Tensor | None) -> Tensor:
        """Returns the (B, C) training loss of each entry, the selected ones changed."""
        if self.epoch is None:
            raise RuntimeError(
                f'{type(self).__name__} was not told the epoch, so its schedule would stand still: '
                "add default_hooks = dict(large_loss=dict(type='LargeLossHook')) to the config, or "
                'call loss.set_epoch(epoch) at the start of each epoch of your own loop'
            )
        selected = self.select(logits.detach(), target == UNOBSERVED)
        self._remember(logits, target, selected)
        self._record(selected, sample_idx)
        return type(self).modify(logits, target, selected)

    def select(self, logits: Tensor, unobserved: Tensor) -> Tensor:
        """Returns the (B, C) mask of the entries this epoch's rate selects."""
        total = logits.numel()
        base = total if self.percent_of == 'all' else unobserved.sum()
        largest = self._largest_rate
        candidates = max(-(-total * largest.numerator // largest.denominator), 1)
        return select_largest(
            logits, unobserved, self._budget(selection_budget(base, self._rate)), candidates
        )

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
        delta_rel: percent, growing by itself each epoch.
        percent_of: 'all' (B * C entries, the released code) or 'unobserved' (the paper's text).
        loss_weight: factor of the loss.
    """

    modify = staticmethod(reject)

    def __init__(
        self, delta_rel: float = 0.2, percent_of: str = 'all', loss_weight: float = 1.0
    ) -> None:
        super().__init__(delta_rel, percent_of, loss_weight)


@MODELS.register_module()
class LargeLossCorrectTemp(LargeLoss):
    """LL-Ct: in epoch t the (t - 1) * delta_rel percent largest count as positive, for the step.

    Args:
        delta_rel: percent, growing by itself each epoch.
        percent_of: 'all' (B * C entries, the released code) or 'unobserved' (the paper's text).
        loss_weight: factor of the loss.
    """

    modify = staticmethod(correct)

    def __init__(
        self, delta_rel: float = 0.2, percent_of: str = 'all', loss_weight: float = 1.0
    ) -> None:
        super().__init__(delta_rel, percent_of, loss_weight)


@MODELS.register_module()
class LargeLossCorrectPerm(LargeLoss):
    """LL-Cp: from epoch 2 on the delta_rel percent largest become positive, for good.

    A correction made in an epoch holds in the step that makes it and from the next epoch on; other
    visits of the image in the same epoch still see the old label. The corrections live in
    `corrections`, outside the state_dict; `LargeLossHook` merges, saves and restores them.

    Args:
        delta_rel: percent of the labels corrected at each step.
        percent_of: 'all' (B * C entries, the released code) or 'unobserved' (the paper's text).
        num_samples: images of the training set (rows of the official split); None: told by the
            hook, which checks a given one.
        max_fraction: no more corrections than this share of the unobserved labels (of N * C
            where their number is not known); None: the reference's rule, no limit.
        loss_weight: factor of the loss.

    Raises:
        ValueError: if an argument is out of range.
    """

    growing = False
    needs_sample_idx = True
    modify = staticmethod(correct)

    def __init__(
        self,
        delta_rel: float = 0.1,
        percent_of: str = 'all',
        num_samples: int | None = None,
        max_fraction: float | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(delta_rel, percent_of, loss_weight)
        if max_fraction is not None and not 0 <= max_fraction <= 1:
            raise ValueError(f'max_fraction={max_fraction}: a share between 0 and 1')
        if num_samples is not None and num_samples < 1:
            raise ValueError(f'num_samples={num_samples}: the number of training images')
        self.num_samples, self.max_fraction = num_samples, max_fraction
        self.num_unobserved: int | None = None
        self.corrections: CorrectionStore | None = None
        self._room: int | None = None

    def bind(self, num_samples: int, num_classes: int, num_unobserved: int | None = None) -> None:
        """Creates the store for a training set.

        Args:
            num_samples: N, the largest sample index + 1.
            num_classes: C.
            num_unobserved: unobserved labels of the training set, for `max_fraction`.

        Raises:
            ValueError: if a `num_samples` was given to the constructor and differs.
        """
        if self.num_samples is not None and self.num_samples != num_samples:
            raise ValueError(
                f'LargeLossCorrectPerm(num_samples={self.num_samples}) but the training set has '
                f'{num_samples} rows; leave num_samples out, the hook knows it'
            )
        self.num_unobserved = num_unobserved
        if self.corrections is None:
            self.corrections = CorrectionStore(num_samples, num_classes)
        self._measure_room()

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Tells the schedule the epoch about to start and merges what the last one corrected."""
        if epoch != self.epoch:
            self.merge()
        super().set_epoch(epoch, max_epochs)

    def merge(self, keys: NDArray[np.int64] | None = None) -> None:
        """Makes the corrections of the finished epoch hold; safe to call again.

        Args:
            keys: `corrections.pending()` of all ranks; None: of this process.
        """
        if self.corrections is not None:
            self.corrections.merge(self.epoch or 0, keys)
            self._measure_room()

    def training_loss(self, logits: Tensor, target: Tensor, sample_idx: Tensor | None) -> Tensor:
        """Returns the (B, C) loss of each entry with all corrections applied; records new ones."""
        if sample_idx is None:
            raise RuntimeError(
                'LargeLossCorrectPerm needs sample_idx: use a head that forwards it '
                '(IndexedMultiLabelLinearClsHead, IndexedMultiLabelClsHead, IndexedCSRAClsHead, '
                'or your own with SampleIndexMixin), or pass it in your own loop'
            )
        if self.corrections is None:
            if self.num_samples is None:
                raise RuntimeError(
                    'LargeLossCorrectPerm does not know the training set: add LargeLossHook to '
                    'the config, or give num_samples in your own loop'
                )
            self.bind(self.num_samples, logits.shape[1])
        assert self.corrections is not None
        held = self.corrections.lookup(torch.as_tensor(sample_idx)).to(target.device)
        target = target.masked_fill(held & (target == UNOBSERVED), POSITIVE)
        return super().training_loss(logits, target, sample_idx)

    def _budget(self, count: Tensor) -> Tensor:
        return count if self._room is None else count.clamp(max=self._room)

    def _record(self, selected: Tensor, sample_idx: Tensor | None) -> None:
        assert self.corrections is not None
        rows, classes = selected.nonzero(as_tuple=True)
        self.corrections.add(torch.as_tensor(sample_idx)[rows.cpu()], classes)
        if self._room is not None:
            self._room -= len(rows)

    def _measure_room(self) -> None:
        if self.max_fraction is None or self.corrections is None:
            return
        store = self.corrections
        base = self.num_unobserved
        if base is None:
            base = store.num_samples * store.num_classes
        self._room = max(math.floor(self.max_fraction * base) - len(store), 0)
