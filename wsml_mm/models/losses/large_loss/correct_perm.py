"""LL-Cp: large losses of unobserved labels become positive for good."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mmpretrain.registry import MODELS

from ...label_state import Column, Entries, EntryStore, TrainingFacts, room_of
from ..contract import LabelBatch, LossParts
from ..entrywise import bce
from .base import LargeLoss


@MODELS.register_module()
class LargeLossCorrectPerm(LargeLoss):
    """LL-Cp: from epoch 2 on the delta_rel percent largest become positive, for good.

    The selected and all earlier selected entries carry -log p in place of -log(1 - p). A correction
    made in an epoch holds in the step that makes it and from the next epoch on; other visits of
    the image in the same epoch still see the old label. Source: Kim et al., CVPR 2022,
    https://arxiv.org/abs/2206.03740, section 3 (the rate does not grow with t).

    Args:
        delta_rel: percent of the labels corrected at each step; taken as the decimal it is written
            as.
            None: 0.1, unless delta_abs is given.
        percent_of: 'all' takes the percentage of all B * C entries (the released code),
            'unobserved' of the batch's entries that are still open (the paper's text).
        scope: on several ranks, select from the 'global' batch, as one process would, or from
            each 'rank' for itself.
        num_samples: images of the training set (rows of the official split), for a plain loop;
            None: `PartialLabelHook` knows it, and checks a given one.
        max_fraction: no more corrections than this share of the unobserved labels (of N * C
            where their number is not known); None: the reference's rule, no limit.
        loss_weight: factor of the loss.
        warn_share: warn once when more than this share of the unobserved labels is corrected.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        delta_abs: instead of delta_rel, act on every loss above R(t) = start_abs - t * delta_abs in
            epoch t, counted from 1. Nothing is at t = 1, and R may pass 0, which is a reading of
            ours: the paper's supplement does not say. It tried 0.1, 0.15 and 0.2.
        start_abs: R0, with delta_abs; the paper tried 1, 1.5 and 2.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='LargeLossCorrectPerm', delta_rel=0.1)))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    growing = False
    default_rel = 0.1

    def __init__(
        self,
        delta_rel: float | None = None,
        percent_of: str = 'all',
        scope: str = 'global',
        num_samples: int | None = None,
        max_fraction: float | None = None,
        loss_weight: float = 1.0,
        warn_share: float = 0.1,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        delta_abs: float | None = None,
        start_abs: float = 2.0,
    ) -> None:
        super().__init__(
            delta_rel, percent_of, scope, loss_weight, reduction, extra, delta_abs, start_abs
        )
        if num_samples is not None and num_samples < 1:
            raise ValueError(f'num_samples={num_samples}: the number of training images')
        self.num_samples = num_samples
        self._column = Entries(1, 'first', max_fraction, warn_share)

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `corrections`."""
        return {'corrections': self._column}

    @property
    def corrections(self) -> EntryStore | None:
        """The corrections; None before the training set is known."""
        return None if self.state is None else self.state.entries('corrections')

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss with the selected and all earlier corrected entries as positives."""
        store = self.corrections
        assert store is not None
        kept = batch.held_in(store)
        selected = self.select(batch, batch.unobserved & ~kept, room_of(store, self.scope))
        store.add(batch.samples, selected)
        entries = bce(batch.logits, batch.positive | kept | selected)
        return LossParts(entries, actions={'positive': selected, 'kept_positive': kept})

    def start(self, facts: TrainingFacts) -> None:
        """Creates the corrections for a training set.

        Raises:
            ValueError: if a `num_samples` was given to the constructor and differs, or the
                corrections belong to another training set.
        """
        if self.num_samples not in (None, facts.num_samples):
            raise ValueError(
                f'LargeLossCorrectPerm(num_samples={self.num_samples}) but the training set has '
                f'{facts.num_samples} rows; remove num_samples, the hook knows it'
            )
        super().start(facts)

    def facts_of_loop(self, num_classes: int) -> TrainingFacts:
        """Returns what `num_samples` says about the training set."""
        if self.num_samples is None:
            return super().facts_of_loop(num_classes)
        return TrainingFacts(self.num_samples, num_classes)
