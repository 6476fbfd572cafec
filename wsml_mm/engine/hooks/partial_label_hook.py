"""Everything about time for the losses: facts, epochs, samples, the record, the life of state."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapperDict
from mmengine.runner import IterBasedTrainLoop
from mmpretrain.registry import HOOKS

from wsml_mm.models.label_state import LabelState
from wsml_mm.models.losses import LossTrace, PartialLabelLoss

from .epoch_file import epoch_file, forget_epochs, write_epoch
from .label_record import LabelRecord, label_scalars, memory_scalars
from .predictions import training_predictions
from .set_up import (
    check_other_losses,
    check_set_up,
    find_losses,
    warn_if_nothing_unobserved,
    warn_of_old_heads,
)
from .state_checkpoint import STATE, load_state, pack_state, read_checkpoint
from .training_facts import metainfo_of, training_facts


def _number(value: Any) -> float:
    # float() of a tensor with a graph makes torch warn.
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


@HOOKS.register_module()
class PartialLabelHook(Hook):  # type: ignore[misc]
    """Runs the losses of this package: tells them what they need, logs and saves what they do.

    Put it into `default_hooks` under a key of its own; in a child config a `custom_hooks` list
    would be replaced. Logged once an epoch, to the text log and the visualizer, for each action of
    a loss ('ignored' for LL-R, 'positive' for LL-Ct, ...): `label/ACTION/count` and `share` (of the
    unobserved labels it could take), with diagnosis labels `precision` and `recall`. For state:
    `state/COLUMN/count` and `share` of the unobserved labels; for terms `term/NAME`. With diagnosis
    labels every loss, AN too, also logs `memory/true_negative`, `memory/false_negative`,
    `memory/observed_positive` and `memory/observed_negative`, the mean "assume negative" loss of
    these groups, and leaves the sums by class in `work_dir/dynamics/epoch_003.npz` (see
    `LabelRecord.totals`).

    Args:
        state_from: checkpoint whose label state (LL-Cp's corrections) a new training starts with;
            None: start with none. A resumed run always keeps its own.
        epoch_length: iterations that count as an epoch under `IterBasedTrainLoop`.

    Raises:
        ValueError: if epoch_length is not positive.

    Config:
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    priority = 'NORMAL'  # before CheckpointHook, so that a checkpoint holds the merged state

    def __init__(self, state_from: str | None = None, epoch_length: int | None = None) -> None:
        if epoch_length is not None and epoch_length < 1:
            raise ValueError(f'epoch_length={epoch_length}: a number of iterations, at least 1')
        self.state_from, self.epoch_length = state_from, epoch_length
        self._epoch: int | None = None  # the one under way
        self._whole = True  # seen from its first step on
        self._saved: dict[str, Any] | None = None
        self._loaded = False
        self._losses: list[PartialLabelLoss] = []
        self._records: list[LabelRecord] = []
        self._warned: set[str] = set()
        self._reports_left = 5

    # The training's start, steps and end

    def before_train(self, runner: Any) -> None:
        """Finds the losses, checks the set-up and tells them of the training set."""
        self._losses = find_losses(runner)
        check_other_losses(runner)
        if not self._losses:
            return
        check_set_up(runner, self._losses, self.epoch_length)
        warn_if_nothing_unobserved(runner, self._losses)
        warn_of_old_heads(runner)
        length = self.epoch_length
        by_iteration = isinstance(runner.train_loop, IterBasedTrainLoop)
        epochs = None if by_iteration and length is None else self._max_epochs(runner)
        facts = training_facts(runner, self._losses, epochs)
        self._fingerprint = facts.fingerprint
        for loss in self._losses:
            loss.keep_trace = True
            loss.start(facts)
        if is_main_process():
            forget_epochs(runner.work_dir, -(-runner.iter // length) if length else runner.epoch)
        self._load(runner)

    def before_train_epoch(self, runner: Any) -> None:
        """Gives every loss the epoch, from the runner: exact after a resume as well."""
        # An iteration-based loop calls this once: without a length it has no epochs.
        if self.epoch_length is None and not isinstance(runner.train_loop, IterBasedTrainLoop):
            self._begin(runner.epoch, runner.max_epochs)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Gives losses with state the samples of the batch, whatever head calls them."""
        if batch_idx == 0 and find_losses(runner) != self._losses:
            raise ValueError(
                'the losses of the model were replaced during the training (SwitchRecipeHook): the '
                'new ones were not checked and know neither the training set nor the epoch; start '
                'a new training with load_from'
            )
        length = self.epoch_length
        if length is not None and (self._epoch is None or runner.iter % length == 0):
            self._whole = runner.iter % length == 0
            self._begin(runner.iter // length, self._max_epochs(runner))
        for loss in self._losses:
            loss.trace = None  # of the step before, should the model not call the loss in this one
            if loss.needs_sample_idx:
                samples = (data_batch or {}).get('data_samples') or []
                loss.give_samples(_packed(samples, 'sample_idx'), _packed(samples, 'group'))

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Adds the step to the epoch's record; names the image where the loss is not finite."""
        samples = (data_batch or {}).get('data_samples') or []
        for loss, record in zip(self._losses, self._records, strict=False):  # none without epochs
            if loss.trace is not None:
                record.add(loss.trace, self._images(runner, loss.trace, samples))
        if self._losses and _has_stepped(runner.optim_wrapper):
            rate = _base_rate(runner.optim_wrapper)
            for loss in self._losses:
                loss.after_step(rate)
        # The runner's own log has already waited for this number: no further wait on a GPU.
        if outputs and 'loss' in outputs and not math.isfinite(_number(outputs['loss'])):
            self._report_not_finite(runner, samples)
        if self.epoch_length is not None:
            # The last epoch may be cut short, and the last checkpoint is to hold its state.
            done = runner.iter + 1
            if done % self.epoch_length == 0 or done == runner.max_iters:
                self._end(runner)

    def after_train_epoch(self, runner: Any) -> None:
        """Lets the losses end the epoch and logs it."""
        self._end(runner)

    # Checkpoints

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Saves the label state beside the weights."""
        if states := self._states():
            checkpoint[STATE] = pack_state(states, self._fingerprint)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Keeps the label state for a resumed run; `load_from` and test do not read it."""
        self._saved, self._loaded = checkpoint.get(STATE), True

    def _states(self) -> list[LabelState]:
        parts = [part for loss in self._losses for part in loss.parts()]
        return [part.state for part in parts if part.state is not None]

    def _load(self, runner: Any) -> None:
        states = self._states()
        if not states:
            if self.state_from is not None:
                raise ValueError(
                    f'state_from={self.state_from}: {type(self._losses[0]).__name__} keeps no '
                    'state of labels that could start with it; remove state_from'
                )
            return
        # `runner.resume(path)` of a script sets the iteration and not the option.
        goes_on = getattr(runner, '_resume', False) or runner.iter > 0
        resumed, saved = self._loaded and goes_on, self._saved if goes_on else None
        self._saved, self._loaded = None, False  # a second `train` has newer state
        if saved is None and resumed:
            raise ValueError(
                'the checkpoint to resume from holds no label state, which '
                f'{type(self._losses[0]).__name__} keeps: it is of a training with another method; '
                'start a new training with load_from instead of resume'
            )
        if saved is None and self.state_from is not None:
            saved = read_checkpoint(self.state_from, 'state_from=')[STATE]
        if saved is not None:
            load_state(states, saved, self._fingerprint)

    # Epochs

    def _max_epochs(self, runner: Any) -> int:
        length = self.epoch_length
        return -(-runner.max_iters // length) if length else int(runner.max_epochs)

    def _begin(self, epoch: int, max_epochs: int) -> None:
        for loss in self._losses:
            loss.set_epoch(epoch, max_epochs)
        self._records = [LabelRecord() for _ in self._losses]
        self._epoch = epoch

    def _end(self, runner: Any) -> None:
        if self._epoch is None:
            return
        step, self._epoch = self._epoch + 1, None
        for number, (loss, record) in enumerate(zip(self._losses, self._records, strict=True)):
            totals = record.totals()
            loss.end_epoch(partial(training_predictions, runner, loss))
            scalars = label_scalars(totals) | self._state_scalars(runner, loss)
            scalars |= memory_scalars(totals) | record.term_scalars()
            if scalars:
                self._log(runner, step, type(loss).__name__, scalars)
            # Half an epoch, of a training resumed within it, would pass for a whole one.
            if 'hidden_positive' in totals and self._whole and is_main_process():
                classes = metainfo_of(runner.train_dataloader.dataset).get('classes')
                write_epoch(epoch_file(runner.work_dir, step, number), totals, classes)

    def _state_scalars(self, runner: Any, loss: PartialLabelLoss) -> dict[str, float]:
        scalars = {}
        for part in loss.parts():
            for name, store in part.state.entry_stores() if part.state is not None else ():
                scalars[f'state/{name}/count'] = float(len(store))
                share, limit = store.share(), store.warn_share
                if share is None:
                    continue
                scalars[f'state/{name}/share'] = share
                if limit is not None and share > limit and name not in self._warned:
                    self._warned.add(name)
                    runner.logger.warning(
                        f'{type(part).__name__} has decided {share:.1%} of the unobserved labels '
                        f'({name}) and goes on with each epoch; stop earlier, lower its rate, or '
                        'set max_fraction'
                    )
        return scalars

    def _log(self, runner: Any, step: int, name: str, scalars: dict[str, float]) -> None:
        for key, value in scalars.items():
            runner.message_hub.update_scalar(key, value)
        runner.visualizer.add_scalars(scalars, step=step)
        text = ', '.join(f'{key}: {value:.6g}' for key, value in scalars.items())
        runner.logger.info(f'Epoch(train) [{step}] {name}: {text}')

    def _images(self, runner: Any, trace: LossTrace, samples: list[Any]) -> list[Any]:
        """Returns the data samples of a trace's rows; none where a model has passed only some."""
        if len(trace.observed) == len(samples):
            return samples
        if samples and 'rows' not in self._warned:
            self._warned.add('rows')
            runner.logger.warning(
                f'the loss has seen {len(trace.observed)} of {len(samples)} rows of a batch: which '
                'images they are is not known, so its claims are not judged'
            )
        return []

    def _report_not_finite(self, runner: Any, samples: list[Any]) -> None:
        classes = metainfo_of(runner.train_dataloader.dataset).get('classes')
        reports_left = self._reports_left
        for loss in self._losses:
            if loss.trace is None or self._reports_left <= 0:
                continue
            bad = ~loss.trace.entry_loss.isfinite()
            if not bad.any():
                continue
            self._reports_left -= 1
            row, label = (int(i) for i in bad.nonzero()[0])
            images = self._images(runner, loss.trace, samples)
            path = getattr(images[row], 'img_path', f'row {row}') if images else f'row {row}'
            named = classes[label] if classes else label
            runner.logger.error(
                f'iteration {runner.iter + 1}: {int(bad.sum())} logits are not finite, the first '
                f'for image {path}, class {named}: lower the learning rate, or check the image'
            )
        if self._losses and self._reports_left == reports_left > 0:
            self._reports_left -= 1
            names = ', '.join(type(loss).__name__ for loss in self._losses)
            runner.logger.error(
                f'iteration {runner.iter + 1}: the loss is not finite although the logits of '
                f'{names} are: check the terms, the state and the other losses of the model'
            )


def _packed(samples: list[Any], name: str) -> torch.Tensor | None:
    """Returns a number that every sample of a batch carries, (B,) int64; None: some do not."""
    found = [getattr(sample, 'metainfo', {}).get(name) for sample in samples]
    known = [int(value) for value in found if value is not None]
    return torch.tensor(known) if known and len(known) == len(found) else None


def _has_stepped(optim_wrapper: Any) -> bool:
    """Tells whether the optimiser has stepped with this iteration (gradient accumulation)."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        return any(_has_stepped(part) for part in optim_wrapper.values())
    return bool(optim_wrapper.should_update()) if hasattr(optim_wrapper, 'should_update') else True


def _base_rate(optim_wrapper: Any) -> float:
    """Returns the optimiser's base learning rate now, without factors of single parameters."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        optim_wrapper = next(iter(optim_wrapper.values()))
    optimizer = getattr(optim_wrapper, 'optimizer', optim_wrapper)
    for group in optimizer.param_groups:
        if first := group.get('initial_lr', group['lr']):  # 0: frozen by a factor of 0
            return float(optimizer.defaults['lr'] * group['lr'] / first)
    return 0.0
