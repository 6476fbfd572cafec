"""Everything about time for the losses: facts, epochs, samples, the record, the life of state."""

from __future__ import annotations

from functools import partial
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop
from mmpretrain.registry import HOOKS

from wsml_mm.models.label_state import LabelState
from wsml_mm.models.losses import PartialLabelLoss

from ..feature_loops import use_feature_loops
from .checkpoint_identity import (
    TRAINING,
    check_loaded,
    check_loaders,
    check_resumed,
    loaded_file,
    training_identity,
)
from .epoch_file import epoch_file, forget_epochs, write_epoch
from .label_record import LabelRecord, label_scalars, memory_scalars
from .loss_reports import LossReports, log_scalars
from .mixing import MixedTruth, batch_augments, check_mixing, make_soft_targets
from .predictions import training_predictions
from .run_checks import (
    check_epoch_had_steps,
    check_scored,
    check_steps,
    say_which_schedule_rules,
)
from .set_up import check_set_up, find_losses, warn_of_old_heads
from .state_checkpoint import STATE, load_state, pack_state, read_state_checkpoint
from .step_facts import StepSamples, base_rate, has_stepped, is_finite
from .training_facts import metainfo_of, training_facts
from .unobserved import (
    check_other_losses,
    check_wrapping,
    warn_if_nothing_unobserved,
    warn_of_other_metrics,
)
from .view_checks import check_views


@HOOKS.register_module()
class PartialLabelHook(Hook):  # type: ignore[misc]
    """Runs the losses of this package: gives them what they need, logs and saves what they do.

    Put it into `default_hooks` under a key of its own; in a child config a `custom_hooks` list
    would be replaced. Logged once an epoch, to the text log and the visualizer, for each action of
    a loss ('ignored' for LL-R, 'positive' for LL-Ct, ...): `label/ACTION/count` and `share` (of the
    unobserved labels it could take), with diagnosis labels `precision` and `recall`. For state:
    `state/COLUMN/count` and `share` of the unobserved labels; for terms `term/NAME`. With diagnosis
    labels every loss, AN too, also logs `memory/true_negative`, `memory/false_negative`,
    `memory/observed_positive` and `memory/observed_negative`, the mean "assume negative" loss of
    these groups, and writes the sums by class to `work_dir/dynamics/epoch_003.npz` (see
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
        self._first_iter = 0  # of the epoch
        self._training: dict[str, Any] | None = None  # what it is on
        self._trained_before: dict[str, Any] | None = None
        self._warned = False  # of the validation's metrics
        self._losses: list[PartialLabelLoss] = []
        self._stepping: list[PartialLabelLoss] = []  # those that do something after a step
        self._records: list[LabelRecord] = []
        self._reports = LossReports()
        self._mixed = MixedTruth()

    # The training's start, steps and end

    def before_run(self, runner: Any) -> None:
        """Lets a head on stored features be trained and evaluated without samples."""
        use_feature_loops(runner)

    def before_train(self, runner: Any) -> None:
        """Finds the losses, checks the set-up and passes them the facts of the training set."""
        check_steps(runner)
        check_loaders(runner)
        self._losses = find_losses(runner)
        check_other_losses(runner)
        warn_of_other_metrics(runner, runner.val_loop)
        self._warned = True
        if not self._losses:
            return
        check_wrapping(runner)
        check_set_up(runner, self._losses, self.epoch_length)
        augments = batch_augments(runner)
        check_mixing(augments, self._losses)
        check_views(runner, self._losses)
        self._mixed = MixedTruth(augments)
        if not self._mixed.known:
            runner.logger.info('mixed images have no true labels, so claims are not judged by them')
        warn_if_nothing_unobserved(runner, self._losses)
        warn_of_old_heads(runner)
        length = self.epoch_length
        by_iteration = isinstance(runner.train_loop, IterBasedTrainLoop)
        epochs = None if by_iteration and length is None else self._max_epochs(runner)
        facts = training_facts(runner, self._losses, epochs)
        self._fingerprint = facts.fingerprint
        self._training = training_identity(facts, self._losses)
        for loss in self._losses:
            loss.keep_trace = True
            loss.take_soft_targets = make_soft_targets(augments)
            loss.start(facts)
        if is_main_process():
            forget_epochs(runner.work_dir, -(-runner.iter // length) if length else runner.epoch)
        self._load(runner)
        self._stepping = [loss for loss in self._losses if loss.acts_after_steps]

    def before_train_epoch(self, runner: Any) -> None:
        """Gives every loss the epoch, from the runner: exact after a resume as well."""
        self._first_iter = runner.iter
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
        self._mixed.before_step()
        for loss in self._losses:
            loss.hold_trace(None)  # should the model not call the loss in this step
            if loss.needs_sample_idx:
                step = StepSamples(data_batch)
                loss.give_samples(step.numbers('sample_idx'), step.numbers('group'))

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Adds the step to the epoch's record; names the image where the loss is not finite."""
        step = StepSamples(data_batch)
        for loss, record in zip(self._losses, self._records, strict=False):  # none without epochs
            if loss.trace is not None:
                carried = step.carried(partial(self._reports.images, runner, loss.trace))
                record.add(loss.trace, carried if self._mixed.known else [], self._mixed.rule())
        if self._stepping and has_stepped(runner.optim_wrapper):
            rate = base_rate(runner.optim_wrapper)
            for loss in self._stepping:
                loss.after_step(rate)
        # The runner's own log has already waited for this number: no further wait on a GPU.
        if outputs and 'loss' in outputs and not is_finite(outputs['loss']):
            self._reports.not_finite(runner, self._losses, step.samples())
        if self.epoch_length is not None:
            # The last epoch may be cut short, and the last checkpoint is to hold its state.
            done = runner.iter + 1
            if done % self.epoch_length == 0 or done == runner.max_iters:
                self._end(runner)

    def after_train_epoch(self, runner: Any) -> None:
        """Lets the losses end the epoch and logs it."""
        check_epoch_had_steps(runner, self._first_iter)
        self._end(runner)

    # Evaluation

    def before_val(self, runner: Any) -> None:
        """Warns of metrics that count unobserved labels, where no training has done it."""
        if not self._warned:
            warn_of_other_metrics(runner, runner.val_loop)
        self._warned = True

    def before_test(self, runner: Any) -> None:
        """Checks that the test sees images, of the classes that were trained, and its metrics."""
        check_scored(runner.test_dataloader, 'test_dataloader')
        check_loaders(runner)
        warn_of_other_metrics(runner, runner.test_loop)

    # Checkpoints

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Saves the label state beside the weights, and what they were trained on."""
        if self._training is not None:
            checkpoint[TRAINING] = self._training
        if states := self._states():
            checkpoint[STATE] = pack_state(states, self._fingerprint)

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Checks whose checkpoint it is; keeps the label state for a resumed run.

        `load_from` and test do not read the state.
        """
        check_loaded(runner, checkpoint)
        self._saved, self._loaded = checkpoint.get(STATE), True
        self._trained_before = checkpoint.get(TRAINING)
        if getattr(runner, '_resume', False):
            say_which_schedule_rules(runner, checkpoint)

    def _states(self) -> list[LabelState]:
        return [state for loss in self._losses for state in loss.states()]

    def _load(self, runner: Any) -> None:
        states = self._states()
        # `runner.resume(path)` of a script sets the iteration and not the option.
        goes_on = getattr(runner, '_resume', False) or runner.iter > 0
        if not states:
            if goes_on and self._loaded:
                self._check_resumed(runner)
            if self.state_from is not None:
                raise ValueError(
                    f'state_from={self.state_from}: {type(self._losses[0]).__name__} keeps no '
                    'state of labels that could start with it; remove state_from'
                )
            return
        resumed, saved = self._loaded and goes_on, self._saved if goes_on else None
        self._saved, self._loaded = None, False  # a second `train` has newer state
        if saved is None and resumed:
            raise ValueError(
                'the checkpoint to resume from holds no label state, which '
                f'{type(self._losses[0]).__name__} keeps: it is of a training with another method; '
                'start a new training with load_from instead of resume'
            )
        anew = saved is None and self.state_from is not None
        if anew:
            saved = read_state_checkpoint(str(self.state_from), 'state_from=')[STATE]
        if saved is not None:
            load_state(states, saved, self._fingerprint)
        for loss in self._losses if anew else ():
            loss.take_over()
        if resumed:
            self._check_resumed(runner)

    def _check_resumed(self, runner: Any) -> None:
        if self._trained_before is not None and self._training is not None:  # none of old versions
            check_resumed(self._trained_before, self._training, loaded_file(runner))

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
            for state in loss.states():
                state.merge(step - 1)  # also for a method that forgets super().end_epoch()
            loss.end_epoch(partial(training_predictions, runner, loss))
            scalars = label_scalars(totals) | self._reports.state(runner, loss)
            scalars |= memory_scalars(totals) | record.term_scalars()
            if scalars:
                log_scalars(runner, step, type(loss).__name__, scalars)
            # Half an epoch, of a training resumed within it, would pass for a whole one.
            if 'hidden_positive' in totals and self._whole and is_main_process():
                classes = metainfo_of(runner.train_dataloader.dataset).get('classes')
                write_epoch(epoch_file(runner.work_dir, step, number), totals, classes)
