"""Everything about time for the losses: the epoch, the log, the corrections' life."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop
from mmpretrain.registry import HOOKS

from wsml_mm.models.losses import LargeLoss, LargeLossCorrectPerm, PartialLabelLoss

from .correction_state import (
    STATE,
    fingerprint_of,
    index_samples,
    load_corrections,
    read_checkpoint,
)
from .epoch_file import epoch_file, forget_epochs, write_epoch
from .selection_record import SelectionRecord, memory_scalars, selection_scalars
from .set_up import check_set_up, deals_evenly, find_losses, wrapped_datasets


def _number(value: Any) -> float:
    # float() of a tensor with a graph makes torch warn.
    return float(value.detach() if isinstance(value, torch.Tensor) else value)


@HOOKS.register_module()
class LargeLossHook(Hook):  # type: ignore[misc]
    """Runs the large-loss schedule, logs what the loss did, and keeps permanent corrections.

    Put it into `default_hooks` under a new key; in a child config a `custom_hooks` list would be
    replaced. Logged once an epoch, to the text log and the visualizer: `ll/selected` and
    `ll/share` (of the unobserved labels seen), with diagnosis labels `ll/precision` and
    `ll/recall` of the choice, and for LL-Cp `ll/corrected` and `ll/corrected_share`. With diagnosis
    labels every loss of the package, AN too, also logs `memory/true_negative`,
    `memory/false_negative`, `memory/observed_positive` and `memory/observed_negative`, the mean
    "assume negative" loss of these groups, and leaves the sums by class in
    `work_dir/dynamics/epoch_003.npz` (see `SelectionRecord.totals`).

    Args:
        warn_share: warn once when LL-Cp has corrected more than this share of the unobserved
            labels; its steady rate does not stop by itself.
        corrections_from: checkpoint whose LL-Cp corrections a new training starts with; None:
            start with none. A resumed run always keeps its own.
        epoch_length: iterations that count as an epoch under `IterBasedTrainLoop`.

    Raises:
        ValueError: if epoch_length is not positive.
    """

    priority = 'NORMAL'  # before CheckpointHook, so that a checkpoint holds the merged state

    def __init__(
        self,
        warn_share: float = 0.1,
        corrections_from: str | None = None,
        epoch_length: int | None = None,
    ) -> None:
        if epoch_length is not None and epoch_length < 1:
            raise ValueError(f'epoch_length={epoch_length}: a number of iterations, at least 1')
        self.warn_share, self.corrections_from = warn_share, corrections_from
        self.epoch_length = epoch_length
        self._epoch: int | None = None  # the one under way
        self._whole = True  # seen from its first step on
        self._saved: dict[str, Any] | None = None
        self._losses: list[PartialLabelLoss] = []
        self._records: list[SelectionRecord] = []
        self._warned = False
        self._reports_left = 5

    def before_train(self, runner: Any) -> None:
        """Finds the losses, checks the set-up (see `check_set_up`) and binds LL-Cp to the data."""
        self._losses = find_losses(runner)
        if not self._losses:
            return
        check_set_up(runner, self._losses, self.epoch_length)
        even = deals_evenly(runner)
        for loss in self._losses:
            loss.keep_trace, loss.even_batches = True, even
        if is_main_process():
            length = self.epoch_length
            forget_epochs(runner.work_dir, -(-runner.iter // length) if length else runner.epoch)
        if any(isinstance(m, LargeLossCorrectPerm) for m in self._losses):
            self._bind(runner.train_dataloader.dataset)

    def before_train_epoch(self, runner: Any) -> None:
        """Tells every large loss the epoch, from the runner: exact after a resume as well."""
        # An iteration-based loop calls this once: without a length it has no epochs.
        if self.epoch_length is None and not isinstance(runner.train_loop, IterBasedTrainLoop):
            self._begin(runner.epoch, runner.max_epochs)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Does the same where epochs are counted in iterations."""
        length = self.epoch_length
        if length is not None and (self._epoch is None or runner.iter % length == 0):
            self._whole = runner.iter % length == 0
            self._begin(runner.iter // length, -(-runner.max_iters // length))

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Adds the step to the epoch's record; names the image where the loss is not finite."""
        samples = (data_batch or {}).get('data_samples') or []
        for loss, record in zip(self._losses, self._records, strict=False):  # none without epochs
            if loss.trace is not None:
                record.add(loss.trace, samples)
        # The runner's own log has already waited for this number: no further wait on a GPU.
        if outputs and 'loss' in outputs and not math.isfinite(_number(outputs['loss'])):
            self._report_not_finite(runner, samples)
        if self.epoch_length is not None and (runner.iter + 1) % self.epoch_length == 0:
            self._end(runner)

    def after_train_epoch(self, runner: Any) -> None:
        """Merges LL-Cp's corrections over all ranks and logs the epoch."""
        self._end(runner)

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Saves the merged corrections beside the weights."""
        stores = [m.corrections for m in self._losses if isinstance(m, LargeLossCorrectPerm)]
        if stores:
            checkpoint[STATE] = {
                'corrections': [s.state_dict() for s in stores if s is not None],
                'fingerprint': self._fingerprint,
            }

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Keeps the corrections of a resumed run; `load_from` and test leave them alone."""
        if getattr(runner, '_resume', False):
            self._saved = checkpoint.get(STATE)

    def _begin(self, epoch: int, max_epochs: int) -> None:
        for loss in self._losses:
            if isinstance(loss, LargeLoss):
                loss.set_epoch(epoch, max_epochs)
        self._records = [SelectionRecord() for _ in self._losses]
        self._epoch = epoch

    def _end(self, runner: Any) -> None:
        if self._epoch is None:
            return
        step, self._epoch = self._epoch + 1, None
        for number, (loss, record) in enumerate(zip(self._losses, self._records, strict=True)):
            totals = record.totals()
            scalars: dict[str, float] = {}
            if isinstance(loss, LargeLoss):
                scalars = selection_scalars(totals)
            if isinstance(loss, LargeLossCorrectPerm) and loss.corrections is not None:
                loss.merge()
                scalars |= self._corrected(runner, loss)
            scalars |= memory_scalars(totals)
            if scalars:
                self._log(runner, step, type(loss).__name__, scalars)
            # Half an epoch, of a training resumed within it, would pass for a whole one.
            if 'judged' in totals and self._whole and is_main_process():
                classes = runner.train_dataloader.dataset.metainfo.get('classes')
                write_epoch(epoch_file(runner.work_dir, step, number), totals, classes)

    def _bind(self, dataset: Any) -> None:
        leaves = wrapped_datasets(dataset)
        total, self._fingerprint = index_samples(leaves), fingerprint_of(leaves)
        perm = [m for m in self._losses if isinstance(m, LargeLossCorrectPerm)]
        for loss in perm:
            if leaves:
                unobserved = sum(leaf.num_unobserved() for leaf in leaves)
                loss.bind(total, leaves[0].labels.num_classes, unobserved)
            elif loss.num_samples is None:
                raise ValueError(
                    'LargeLossCorrectPerm needs sample indices: wrap the training dataset in '
                    'PartialLabelDataset, or give num_samples and pack sample_idx yourself'
                )
            else:
                loss.bind(loss.num_samples, len(dataset.metainfo['classes']))
        if self._saved is None and self.corrections_from is not None:
            checkpoint = read_checkpoint(self.corrections_from, 'corrections_from=')
            self._saved = checkpoint[STATE]
        if self._saved is not None:
            stores = [loss.corrections for loss in perm if loss.corrections is not None]
            load_corrections(stores, self._saved, self._fingerprint)
            for loss in perm:
                loss.merge()

    def _corrected(self, runner: Any, loss: LargeLossCorrectPerm) -> dict[str, float]:
        assert loss.corrections is not None
        scalars = {'ll/corrected': float(len(loss.corrections))}
        if loss.num_unobserved:
            share = len(loss.corrections) / loss.num_unobserved
            scalars['ll/corrected_share'] = share
            if share > self.warn_share and not self._warned:
                self._warned = True
                runner.logger.warning(
                    f'LL-Cp has made {share:.1%} of the unobserved labels positive, and goes on '
                    'at the same rate each step; stop earlier, lower delta_rel, or set '
                    'LargeLossCorrectPerm(max_fraction=...)'
                )
        return scalars

    def _log(self, runner: Any, step: int, name: str, scalars: dict[str, float]) -> None:
        for key, value in scalars.items():
            runner.message_hub.update_scalar(key, value)
        runner.visualizer.add_scalars(scalars, step=step)
        told = ', '.join(f'{key}: {value:.6g}' for key, value in scalars.items())
        runner.logger.info(f'Epoch(train) [{step}] {name}: {told}')

    def _report_not_finite(self, runner: Any, samples: list[Any]) -> None:
        classes = runner.train_dataloader.dataset.metainfo.get('classes')
        for loss in self._losses:
            if loss.trace is None or self._reports_left <= 0:
                continue
            bad = ~loss.trace.entry_loss.isfinite()
            if not bad.any():
                continue
            self._reports_left -= 1
            row, label = (int(i) for i in bad.nonzero()[0])
            path = getattr(samples[row], 'img_path', f'row {row}') if samples else f'row {row}'
            named = classes[label] if classes else label
            runner.logger.error(
                f'iteration {runner.iter + 1}: {int(bad.sum())} logits are not finite, the first '
                f'for image {path}, class {named}: lower the learning rate, or check the image'
            )
