"""The base of every loss for partially observed labels: all that methods share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar

import torch
from mmpretrain.registry import MODELS
from torch import Tensor, nn

from wsml_mm.labels.numbers import check_number

from ..label_state import Column, LabelState, TrainingFacts
from ..label_state.state import stay_outside_compiled_code
from ..ranks import Ranks
from .checks import (
    check_parts,
    check_samples,
    check_target,
    check_unchanged,
    check_views,
    tensor_versions,
)
from .contract import LabelBatch, LossParts, LossTrace, Progress
from .entrywise import assume_negative_loss, full_precision

REDUCTIONS = ('mean', 'sum', 'image')

# (sample indices, (B, C) scores from 0 to 1), batch by batch: each sample on one rank only.
Predictions = Iterator[tuple[Tensor, Tensor]]


class PartialLabelLoss(nn.Module):
    """Base of the losses for targets of {1, 0, -1}; a method writes `compute` and little else.

    In evaluation mode every method is "assume negative", averaged over the batch: validation
    losses of all methods can be compared, and none touches its state.

    Args:
        loss_weight: factor of the whole loss, terms and regularisers included.
        reduction: of the (B, C) entries over the global batch. 'mean' divides by B * C, as in the
            reference code and whatever `avg_factor` says; 'image' by B, as MMPretrain's own
            multi-label losses do, C times more; 'sum' by nothing.
        extra: regularisers, losses of this package (or their configs) that are added.

    Raises:
        ValueError: if the reduction is unknown, or a regulariser is no loss of this package.
    """

    # A method that cannot work without the epoch says so: it is then refused before training
    # where there is none. `batch.progress` raises in any case.
    needs_progress: ClassVar[bool] = False
    # Without an unobserved label the method would be plain cross entropy: the user is warned.
    for_missing_labels: ClassVar[bool] = True
    # Further views of the images that the method compares, by name; see `ViewsClassifier`.
    needs_views: ClassVar[tuple[str, ...]] = ()
    # The method could take targets between 0 and 1, which batch augmentation makes: it does not go
    # by `batch.positive` and `batch.negative` alone. Where none are announced they stay refused.
    soft_targets: ClassVar[bool] = False
    # Of the pass over the training set that `end_epoch` may ask for: the pipeline ('train' or
    # 'test') and the weights ('raw' or 'ema').
    predict_pipeline: ClassVar[str] = 'test'
    predict_weights: ClassVar[str] = 'raw'
    _epochs: Tensor

    def __init__(
        self,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Mapping[str, Any] | PartialLabelLoss] = (),
    ) -> None:
        super().__init__()
        check_number('loss_weight', loss_weight, 'a finite factor')
        if reduction not in REDUCTIONS:
            raise ValueError(f'reduction={reduction!r}: use one of {", ".join(REDUCTIONS)}')
        self.reduction, self.loss_weight = reduction, loss_weight
        self.extra = nn.ModuleList(
            MODELS.build(part) if isinstance(part, Mapping) else part for part in extra
        )
        for part in self.extra:
            if not isinstance(part, PartialLabelLoss):
                raise ValueError(
                    f'extra: {type(part).__name__} does not handle unobserved labels; use losses '
                    'derived from PartialLabelLoss'
                )
        self.epoch: int | None = None
        # On the device, so that a new epoch changes a value and no shape and no code; not in the
        # state_dict, since the training alone determines it. `_known` stays as it is after the
        # first epoch: a compiled forward would guard on `epoch` and recompile in each.
        self.register_buffer('_epochs', torch.zeros(2, dtype=torch.int64), persistent=False)
        self._known = (False, False)
        self._even_batches = False
        self._given: tuple[Tensor | None, Tensor | None] = (None, None)
        self.state: LabelState | None = None
        self.keep_trace = False
        self.take_soft_targets = False  # announced, by the hook or a plain loop
        self.trace: LossTrace | None = None

    # What a method writes

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the entries, terms and actions of a training step."""
        raise NotImplementedError(f'{type(self).__name__} must define compute(batch) -> LossParts')

    def columns(self) -> dict[str, Column]:
        """Returns the state of single labels that the method keeps, by name."""
        return {}

    def start(self, facts: TrainingFacts) -> None:
        """Learns of the training set and creates the state; extend it to set first values.

        Raises:
            ValueError: if the state belongs to another training set.
        """
        self._even_batches = facts.even_batches
        columns = self.columns()
        held = self.state.facts if self.state is not None else None
        if columns and held is None:
            self.state = LabelState(facts, columns)
        elif held is not None and (held.num_samples, held.num_classes) != (
            facts.num_samples, facts.num_classes
        ):  # fmt: skip
            raise ValueError(
                f'{type(self).__name__} holds state of {held.num_samples} samples and '
                f'{held.num_classes} classes, the training set has {facts.num_samples} and '
                f'{facts.num_classes}: build a new loss for other data'
            )
        elif held is not None and '' != held.fingerprint != facts.fingerprint != '':
            raise ValueError(
                f'{type(self).__name__} holds state of other images or observed labels than those '
                'of the training set: build a new loss for other data'
            )
        for part in self._regularisers():
            part.start(facts)

    def take_over(self) -> None:
        """Starts from state of another training, which was just loaded; extend it to change it."""
        if self.state is not None:
            self.state.restart()
        for part in self._regularisers():
            part.take_over()

    def after_step(self, lr: float | None = None) -> None:
        """Steps trained rows; called whenever the optimiser has taken a step.

        Args:
            lr: the base learning rate of the runner's optimiser now.
        """
        for state in self.states():
            state.step(lr)

    @property
    def acts_after_steps(self) -> bool:
        """Whether `after_step` may do something: there is state, or a method has its own."""
        own = type(self).after_step is not PartialLabelLoss.after_step
        return own or next(self.states(), None) is not None

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Makes the state of the finished epoch hold; on several ranks all call it (a collective).

        Args:
            predict: runs a pass over the training set in evaluation mode, only if called, on all
                ranks or on none.
        """
        if self.state is not None:
            self.state.merge(self.epoch or 0)
        for part in self._regularisers():
            part.end_epoch(predict)

    # What is shared

    def _regularisers(self) -> Collection[PartialLabelLoss]:
        # `self.extra`, in a quarter of the time: it is asked for in every step.
        return self._modules['extra']._modules.values()  # type: ignore[union-attr,return-value]

    def parts(self) -> Iterator[PartialLabelLoss]:
        """Yields this loss and its regularisers, and theirs."""
        return chain([self], *(part.parts() for part in self._regularisers()))

    def states(self) -> Iterator[LabelState]:
        """Yields the states that this loss and its regularisers keep."""
        yield from (loss.state for loss in self.parts() if loss.state is not None)

    @property
    def needs_sample_idx(self) -> bool:
        """Whether some state wants to know which samples a batch holds."""
        return bool(self.columns()) or any(p.needs_sample_idx for p in self._regularisers())

    def set_epoch(self, epoch: int, max_epochs: int | None = None) -> None:
        """Gives the loss the epoch about to start.

        State of an earlier epoch that no `end_epoch` has merged is merged first.

        Args:
            epoch: counted from 0.
            max_epochs: length of the training, if known.

        Raises:
            ValueError: if the epoch is negative.
        """
        if epoch < 0:
            raise ValueError(f'epoch={epoch}: epochs count from 0')
        if epoch != self.epoch and self.state is not None:
            self.state.merge(self.epoch or 0)
        stay_outside_compiled_code()
        self.epoch = epoch
        total = max_epochs or (int(self._epochs[1]) if self._known[1] else 0)
        self._known = (True, total > 0)
        self._epochs.copy_(torch.tensor([epoch, total]))
        for part in self._regularisers():
            part.set_epoch(epoch, max_epochs)

    def give_samples(self, sample_idx: Tensor | None, group: Tensor | None = None) -> None:
        """Takes the samples of the next forward pass, for heads that do not forward them.

        They are used once; what a pass has not used is dropped by the next call.

        Args:
            sample_idx: (B,) int64; None: drop what is left.
            group: (B,) int64.
        """
        self._given = (sample_idx, group)

    def hold_trace(self, trace: LossTrace | None) -> None:
        """Sets `trace`, in every step: `nn.Module`'s assignment would first look for a parameter.

        Args:
            trace: None: forget that of the step before.
        """
        vars(self)['trace'] = trace

    def forward(
        self,
        cls_score: Tensor,
        target: Tensor,
        avg_factor: float | None = None,
        sample_idx: Tensor | None = None,
        views: Mapping[str, Tensor] | None = None,
        group: Tensor | None = None,
    ) -> Tensor:
        """Returns the loss of the global batch, a 0-d tensor.

        Args:
            cls_score: (B, C) logits; half types are computed in float32.
            target: (B, C) labels, 1 positive, 0 known negative, -1 unobserved; also between 0 and
                1 where `take_soft_targets` is set.
            avg_factor: accepted for the sake of the heads, not used.
            sample_idx: (B,) positions in the training set, for methods with state; under
                `PartialLabelHook` they need not be given.
            views: (B, C) logits of further views of the images, by name.
            group: (B,) group of each sample, for methods with state by group.
        """
        logits = full_precision(cls_score)
        check_target(logits, target, self.take_soft_targets)
        if not self.training:
            return self.loss_weight * Ranks().mean(assume_negative_loss(logits, target))
        if views or self.needs_views or self._regularisers():
            check_views(self.parts(), logits, views or {})
        given, given_group = self._given
        if given is not None:
            self._given = (None, None)
        if group is None and given_group is not None and len(given_group) == len(logits):
            group = given_group
        if self.needs_sample_idx:
            sample_idx = self._checked(given if sample_idx is None else sample_idx, target)
        batch = LabelBatch(
            logits,
            target,
            Progress(self._epochs, self._known, type(self).__name__),
            Ranks.of_batch(logits.shape[0], logits.device, self._even_batches),
            sample_idx,
            {name: full_precision(view) for name, view in views.items()} if views else {},
            group,
        )
        value, actions, terms = self._value(batch)
        if self.keep_trace:
            self.hold_trace(LossTrace(logits.detach(), target, actions, terms))
        return value

    def _value(self, batch: LabelBatch) -> tuple[Tensor, dict[str, Tensor], dict[str, Tensor]]:
        """Returns the weighted loss, the actions and the detached terms, regularisers included."""
        name, before = type(self).__name__, tensor_versions(batch)
        parts = self.compute(batch)
        check_unchanged(name, batch, before)
        check_parts(name, parts, batch)
        terms = {name: term.detach() for name, term in parts.terms.items()}
        values = [] if parts.entries is None else [self._reduce(parts.entries, batch.ranks)]
        values.extend(parts.terms.values())
        for part in self._regularisers():
            value, _, more = part._value(batch)
            values.append(value)
            if twice := terms.keys() & more:
                raise ValueError(
                    f'{name}: two terms are called {min(twice)!r}; give one of them another name'
                )
            terms |= more
        total = values[0]
        for value in values[1:]:
            total = total + value
        if self.loss_weight != 1:
            total = self.loss_weight * total
        return total, dict(parts.actions), terms

    def _reduce(self, entries: Tensor, ranks: Ranks) -> Tensor:
        if self.reduction == 'mean':
            return ranks.mean(entries)
        if self.reduction == 'image':
            return ranks.mean(entries.sum(1))
        return ranks.total(entries)

    def _checked(self, sample_idx: Tensor | None, target: Tensor) -> Tensor:
        """Returns the sample indices of a batch; creates state that no hook has created."""
        sample_idx = check_samples(type(self).__name__, sample_idx, target)
        if any(loss.state is None and loss.columns() for loss in self.parts()):
            self.start(self.facts_of_loop(target.shape[1]))
        for state in self.states():
            state.to(target.device)
        return sample_idx

    def facts_of_loop(self, num_classes: int) -> TrainingFacts:
        """Returns the training set's facts where no hook has given them.

        Raises:
            RuntimeError: unless a method knows them.
        """
        raise RuntimeError(
            f'{type(self).__name__} does not know the training set: add PartialLabelHook to the '
            'config, or call loss.start(TrainingFacts(num_samples, num_classes)) before your own '
            'loop'
        )
