"""What a method is given and what it returns: the contract of every loss of this package."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

from ..label_state import EntryStore
from ..ranks import Ranks
from .entrywise import assume_negative_loss

# What a method may claim of single labels, and the true label that makes the claim right.
ACTIONS = {
    'positive': POSITIVE,  # counts as positive in this step
    'negative': NEGATIVE,  # counts as negative in this step, by decision and not by default
    'ignored': POSITIVE,  # counts nothing, since it may be positive
    'kept_positive': POSITIVE,  # decided in an earlier epoch
    'kept_negative': NEGATIVE,
}


@dataclass(frozen=True)
class Progress:
    """How far the training is, on the device: no Python branch on it, or a step would wait.

    Args:
        epochs: (2,) int64, the epoch from 0 and the number of epochs.
        known: whether the epoch was given, and the number of epochs.
        name: of the loss, for messages.
    """

    epochs: Tensor
    known: tuple[bool, bool]
    name: str

    @property
    def epoch(self) -> Tensor:
        """The epoch under way, from 0, a 0-d int64 tensor.

        Raises:
            RuntimeError: if nobody has given the loss its epoch.
        """
        if not self.known[0]:
            raise RuntimeError(missing_epoch(self.name))
        return self.epochs[0]

    @property
    def max_epochs(self) -> Tensor:
        """The number of epochs, a 0-d int64 tensor.

        Raises:
            RuntimeError: if the loss does not know it.
        """
        if not self.known[1]:
            raise RuntimeError(
                f'{self.name} does not know how many epochs there are: call '
                'loss.set_epoch(epoch, max_epochs) at the start of each epoch of your own loop'
            )
        return self.epochs[1]

    @property
    def share(self) -> Tensor:
        """Finished epochs over all epochs, from 0 to below 1, a 0-d float32 tensor.

        Raises:
            RuntimeError: if the loss does not know the epoch or how many there are.
        """
        total = self.max_epochs
        return self.epoch / total


def missing_epoch(name: str) -> str:
    """Returns the message for a loss that was not given its epoch."""
    return (
        f'{name} was not given the epoch, so its schedule would stand still: add '
        "default_hooks = dict(partial_label=dict(type='PartialLabelHook')) to the config, or call "
        'loss.set_epoch(epoch) at the start of each epoch of your own loop'
    )


@dataclass(frozen=True)
class LabelBatch:
    """One batch as a method sees it; nothing in it may be changed.

    Args:
        logits: (B, C) float32 or float64, with graph.
        observed: (B, C) of {1, 0, -1}, as the data set shows them; between 0 and 1 too for a loss
            with `soft_targets`.
        progress: the epoch.
        ranks: sums, means and the selection of the global batch.
        sample_idx: (B,) int64, positions in the training set, on the CPU; None: not known, which
            is only so for methods without state.
        views: logits of further views of the same images, by name.
        group: (B,) int64, clip or patient, on the CPU; None: no groups.
    """

    logits: Tensor
    observed: Tensor
    progress: Progress
    ranks: Ranks
    sample_idx: Tensor | None = None
    views: Mapping[str, Tensor] = field(default_factory=dict)
    group: Tensor | None = None

    @property
    def positive(self) -> Tensor:
        """(B, C) bool, observed positives."""
        return self.observed == POSITIVE

    @property
    def negative(self) -> Tensor:
        """(B, C) bool, observed negatives."""
        return self.observed == NEGATIVE

    @property
    def unobserved(self) -> Tensor:
        """(B, C) bool, unobserved labels."""
        return self.observed == UNOBSERVED

    @property
    def samples(self) -> Tensor:
        """(B,) int64, `sample_idx` for a method with state, which always has it."""
        assert self.sample_idx is not None
        return self.sample_idx

    def held_in(self, store: EntryStore) -> Tensor:
        """Returns the (B, C) mask of the unobserved labels that have an entry in a store."""
        # No wait for a GPU: it has read a tensor of the host when the call returns.
        held = store.held(self.samples).to(self.observed.device, non_blocking=True)
        return held & self.unobserved


@dataclass(frozen=True)
class LossParts:
    """What a method computes and what it claims; all else is shared.

    Args:
        entries: (B, C) loss of each entry, with graph; None: a regulariser that has only terms.
        terms: 0-d losses of the global batch, made with `batch.ranks`, e.g. 'expected_positives'.
            They are added as they are: `reduction` concerns the entries only, `loss_weight` both.
        actions: (B, C) bool masks by claim, see `ACTIONS`.
    """

    entries: Tensor | None
    terms: Mapping[str, Tensor] = field(default_factory=dict)
    actions: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class LossTrace:
    """What a loss saw and did in its last training step, for the record; all detached.

    Args:
        logits: (B, C) float32 or float64.
        observed: (B, C) of {1, 0, -1}.
        actions: of `LossParts`.
        terms: of `LossParts`, those of regularisers too.
    """

    logits: Tensor
    observed: Tensor
    actions: Mapping[str, Tensor]
    terms: Mapping[str, Tensor]

    @cached_property
    def entry_loss(self) -> Tensor:
        """(B, C), the "assume negative" loss of each entry; computed when it is first asked for."""
        return assume_negative_loss(self.logits, self.observed)

    def acted_on(self) -> Tensor:
        """Returns the (B, C) mask of the entries that the step itself has decided about."""
        return self._union(kept=False)

    def open(self) -> Tensor:
        """Returns the (B, C) mask of entries neither observed nor decided in an earlier epoch."""
        return (self.observed == UNOBSERVED) & ~self._union(kept=True)

    def _union(self, kept: bool) -> Tensor:
        mask = torch.zeros_like(self.observed, dtype=torch.bool)
        for action, entries in self.actions.items():
            if action.startswith('kept_') is kept:
                mask = mask | entries
        return mask
