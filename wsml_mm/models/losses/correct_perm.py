"""LL-Cp of "Large Loss Matters": labels corrected for good, with the state that takes.

Kim et al., CVPR 2022, https://arxiv.org/abs/2206.03740, section 3.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import torch
from mmpretrain.registry import MODELS
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.models.corrections import CorrectionStore
from wsml_mm.models.ranks import total, union, world_size

from .functional import correct
from .large_loss import LargeLoss


@MODELS.register_module()
class LargeLossCorrectPerm(LargeLoss):
    """LL-Cp: from epoch 2 on the delta_rel percent largest become positive, for good.

    A correction made in an epoch holds in the step that makes it and from the next epoch on; other
    visits of the image in the same epoch still see the old label. The corrections live in
    `corrections`, outside the state_dict; `LargeLossHook` merges, saves and restores them.

    Args:
        delta_rel: percent of the labels corrected at each step.
        percent_of, scope, loss_weight: as for `LargeLoss`.
        num_samples: images of the training set (rows of the official split); None: told by the
            hook, which checks a given one.
        max_fraction: no more corrections than this share of the unobserved labels (of N * C
            where their number is not known); None: the reference's rule, no limit.

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
        scope: str = 'global',
        num_samples: int | None = None,
        max_fraction: float | None = None,
        loss_weight: float = 1.0,
    ) -> None:
        super().__init__(delta_rel, percent_of, scope, loss_weight)
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
            ValueError: if a `num_samples` was given to the constructor and differs, or the loss is
                bound to another training set already.
        """
        if self.num_samples is not None and self.num_samples != num_samples:
            raise ValueError(
                f'LargeLossCorrectPerm(num_samples={self.num_samples}) but the training set has '
                f'{num_samples} rows; leave num_samples out, the hook knows it'
            )
        store = self.corrections
        if store is None:
            self.corrections = CorrectionStore(num_samples, num_classes)
        elif (store.num_samples, store.num_classes) != (num_samples, num_classes):
            raise ValueError(
                f'LargeLossCorrectPerm holds corrections of {store.num_samples} samples and '
                f'{store.num_classes} classes, the training set has {num_samples} and '
                f'{num_classes}: build a new loss for other data'
            )
        self.num_unobserved = num_unobserved
        self._measure_room()

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Tells the schedule the epoch about to start and merges what the last one corrected."""
        if epoch != self.epoch:
            self.merge()
        super().set_epoch(epoch, max_epochs)

    def merge(self, keys: NDArray[np.int64] | None = None) -> None:
        """Makes the corrections of the finished epoch hold; safe to call again.

        On several ranks it is a collective: every rank calls it, and every rank holds the union.

        Args:
            keys: what to merge; None: `corrections.pending()` of all ranks.
        """
        if self.corrections is not None:
            found = union(self.corrections.pending()) if keys is None else keys
            self.corrections.merge(self.epoch or 0, found)
            self._measure_room()

    def _corrected(self, target: Tensor, sample_idx: Tensor | None) -> Tensor:
        if sample_idx is None:
            raise RuntimeError(
                'LargeLossCorrectPerm needs sample_idx: use a head that forwards it '
                '(IndexedMultiLabelLinearClsHead, IndexedMultiLabelClsHead, IndexedCSRAClsHead, '
                'or your own with SampleIndexMixin), or pass it in your own loop'
            )
        sample_idx = torch.as_tensor(sample_idx)
        if sample_idx.shape != target.shape[:1]:
            raise ValueError(
                f'sample_idx {tuple(sample_idx.shape)} must hold one index for each of the '
                f'{len(target)} samples of the batch'
            )
        if self.corrections is None:
            if self.num_samples is None:
                raise RuntimeError(
                    'LargeLossCorrectPerm does not know the training set: add LargeLossHook to '
                    'the config, or give num_samples in your own loop'
                )
            self.bind(self.num_samples, target.shape[1])
        assert self.corrections is not None
        held = self.corrections.lookup(sample_idx).to(target.device)
        return target.masked_fill(held & (target == UNOBSERVED), POSITIVE)

    def _budget(self, count: Tensor) -> Tensor:
        if self._room is None:
            return count
        room = self._room if self.scope == 'global' else self._room // world_size()
        return count.clamp(max=room)

    def _record(self, selected: Tensor, sample_idx: Tensor | None) -> None:
        assert self.corrections is not None
        assert sample_idx is not None
        rows, classes = selected.nonzero(as_tuple=True)
        self.corrections.add(sample_idx.cpu()[rows.cpu()], classes)
        if self._room is not None:
            self._room -= int(total(torch.tensor(len(rows), device=selected.device)))

    def _measure_room(self) -> None:
        if self.max_fraction is None or self.corrections is None:
            return
        store = self.corrections
        base = self.num_unobserved
        if base is None:
            base = store.num_samples * store.num_classes
        limit = math.floor(Fraction(str(self.max_fraction)) * base)
        self._room = max(limit - len(store), 0)
