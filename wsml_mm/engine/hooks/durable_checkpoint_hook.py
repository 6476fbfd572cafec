"""Checkpoints that survive a kill at any moment."""

from __future__ import annotations

import functools
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mmengine.hooks.runtime_info_hook
import mmengine.runner.runner
from mmengine.dist import is_main_process
from mmengine.fileio import LocalBackend, register_backend
from mmengine.hooks import CheckpointHook
from mmengine.runner import IterBasedTrainLoop
from mmengine.utils import get_git_hash
from mmpretrain.registry import HOOKS

from wsml_mm.labels.files import write_durably as write_durably
from wsml_mm.models.checkpoint_file import sealed

from ..printed_config import PrintedConfig
from .work_folder import to_resume_from

# A process of `git` for each checkpoint takes longer than an epoch of a linear layer.
_commit = functools.cache(get_git_hash)


@register_backend('durable')  # type: ignore[untyped-decorator]
class DurableBackend(LocalBackend):  # type: ignore[misc]
    """mmengine's local files, written durably: `backend_args=dict(backend='durable')`."""

    def put(self, obj: bytes, filepath: str | os.PathLike[str]) -> None:
        """Writes bytes to a file, a checkpoint's with a check sum over all of them."""
        write_durably(filepath, sealed(obj))


@HOOKS.register_module()
class DurableCheckpointHook(CheckpointHook):  # type: ignore[misc]
    """`CheckpointHook` for training that may be killed at any point.

    The stock hook rewrites in place the file that `last_checkpoint` names, deletes the old file
    before it writes the new one, and saves before the epoch's validation, whose result a killed run
    then never has. Here a file appears whole or not at all, old ones go last, and an epoch that is
    validated is saved after its validation.

    Args:
        kwargs: arguments of MMEngine's `CheckpointHook`: interval (epochs between two files),
            max_keep_ckpts (how many stay), save_best (the metric of the best one), rule
            ('greater' or 'less'), save_last, save_begin, out_dir, ...

    Config:
        default_hooks = dict(checkpoint=dict(
            type='DurableCheckpointHook', interval=1, max_keep_ckpts=1,
            save_best='multi-label/mAP', rule='greater'))
    """

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault('backend_args', {'backend': 'durable'})
        super().__init__(**kwargs)
        self._due = False
        self.file_backend: Any = None  # set in before_train
        self._removals: list[str] | None = None

    def before_run(self, runner: Any) -> None:
        """Chooses what a resume without a file goes on from, for MMPretrain's train.py too.

        What each checkpoint says of its run, the config's text and the commit, is found once.
        """
        runner.cfg = PrintedConfig.of(runner.cfg)
        for module in (mmengine.runner.runner, mmengine.hooks.runtime_info_hook):
            module.get_git_hash = _commit
        if runner._resume and runner._load_from is None:
            found = to_resume_from(runner.work_dir, self.out_dir)
            if found is not None:
                runner._load_from = str(found)
            else:
                runner.logger.warning(
                    f'{runner.work_dir}: holds no checkpoint to resume from; the training starts '
                    'at its beginning'
                )

    def before_train(self, runner: Any) -> None:
        """Takes a resumed training's best checkpoint by its name; removes drafts of a killed run.

        The path that the checkpoint holds may be another folder's, whose file must not be deleted.
        """
        super().before_train(runner)
        self._take_best_by_name(runner)
        if is_main_process():
            for draft in Path(self.out_dir).glob('.*.pth.*'):
                draft.unlink(missing_ok=True)

    def _take_best_by_name(self, runner: Any) -> None:
        for key in [k for k in runner.message_hub.runtime_info if k.startswith('best_ckpt')]:
            known = runner.message_hub.get_info(key)
            own = Path(self.out_dir, Path(str(known)).name)
            if not known or str(own) == str(known):
                continue
            runner.message_hub.update_info(key, str(own))
            if key == 'best_ckpt':
                self.best_ckpt_path = str(own)
            else:
                self.best_ckpt_path_dict[key.removeprefix('best_ckpt_')] = str(own)
            if not own.is_file():
                runner.logger.warning(
                    f'{own}: the best checkpoint so far is not in this folder; keep {known}, '
                    'for only a better one will be written here'
                )

    def after_train_epoch(self, runner: Any) -> None:
        """Saves the epoch, unless its validation comes first."""
        self._due = self.by_epoch and _validates(runner.train_loop, runner.epoch + 1, runner)
        if not self._due:
            super().after_train_epoch(runner)

    def after_train_iter(self, runner: Any, *args: Any, **kwargs: Any) -> None:
        """Saves the iteration where `by_epoch=False`, unless its validation comes first."""
        if self.by_epoch:
            return
        on_turn = self.every_n_train_iters(runner, self.interval, self.save_begin)
        on_turn = on_turn or (self.save_last and self.is_last_train_iter(runner))
        self._due = on_turn and _validates_after(runner)
        if not self._due:
            super().after_train_iter(runner, *args, **kwargs)

    def after_val_epoch(self, runner: Any, metrics: dict[str, float]) -> None:
        """Saves the best checkpoint and, with its result in it, the epoch."""
        with self._removing_last():
            super().after_val_epoch(runner, metrics)
            if not self._due:
                return
            self._due = False
            if not self.by_epoch:
                meta = {'epoch': runner.epoch, 'iter': runner.iter}
                self._save_checkpoint_with_step(runner, runner.iter, meta)
                return
            done = runner.epoch  # the loop has counted it already
            since = done - self.save_begin
            on_turn = self.interval > 0 and since > 0 and since % self.interval == 0
            if on_turn or (self.save_last and done == runner.max_epochs):
                self._save_checkpoint_with_step(runner, done, {'epoch': done, 'iter': runner.iter})

    def _save_checkpoint_with_step(self, runner: Any, step: int, meta: dict[str, Any]) -> None:
        with self._removing_last():
            name = self.filename_tmpl.format(step)
            self.last_ckpt = self.file_backend.join_path(self.out_dir, name)
            runner.message_hub.update_info('last_ckpt', self.last_ckpt)
            if self.max_keep_ckpts > 0:
                self._forget_outdated(runner, step)
            runner.save_checkpoint(
                self.out_dir,
                name,
                save_optimizer=self.save_optimizer,
                save_param_scheduler=self.save_param_scheduler,
                meta=meta,
                by_epoch=self.by_epoch,
                backend_args=self.backend_args,
                **self.args,
            )
            if is_main_process():
                pointer = Path(runner.work_dir) / 'last_checkpoint'
                write_durably(pointer, str(self.last_ckpt).encode())

    def _forget_outdated(self, runner: Any, step: int) -> None:
        kept: deque[int] = self.keep_ckpt_ids
        if not kept or kept[-1] != step:
            if len(kept) == self.max_keep_ckpts and is_main_process():
                old = self.filename_tmpl.format(kept[0])
                self.file_backend.remove(self.file_backend.join_path(self.out_dir, old))
            kept.append(step)
            runner.message_hub.update_info('keep_ckpt_ids', list(kept))

    @contextmanager
    def _removing_last(self) -> Iterator[None]:
        """Within, `file_backend.remove` only takes note; the files go at the outermost end."""
        if self._removals is not None:
            yield
            return
        self._removals = []
        backend = self.file_backend
        self.file_backend = _RemoveLater(backend, self._removals)
        try:
            yield
        finally:
            self.file_backend, removals = backend, self._removals
            self._removals = None
        current = {str(self.last_ckpt), str(getattr(self, 'best_ckpt_path', None))}
        current |= {str(path) for path in getattr(self, 'best_ckpt_path_dict', {}).values()}
        for path in removals:
            if path not in current and backend.isfile(path):
                backend.remove(path)


class _RemoveLater:
    """A file backend whose `remove` collects paths."""

    def __init__(self, backend: Any, removals: list[str]) -> None:
        self._backend, self._removals = backend, removals

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)

    def remove(self, path: str) -> None:
        self._removals.append(str(path))


def _validates(loop: Any, epoch: int, runner: Any) -> bool:
    """Tells whether a validation follows the end of `epoch`, counted from 1."""
    if runner.val_loop is None or not hasattr(loop, 'val_interval'):
        return False
    on_turn = epoch % loop.val_interval == 0 or epoch == loop.max_epochs
    return bool(epoch >= loop.val_begin and on_turn)


def _validates_after(runner: Any) -> bool:
    """Tells whether a validation follows the iteration that ends."""
    loop, done = runner.train_loop, runner.iter + 1
    if runner.val_loop is None or not isinstance(loop, IterBasedTrainLoop):
        return False
    dynamic = len(loop.dynamic_intervals) > 1  # not known before it is decided
    on_turn = done % loop.val_interval == 0 or done == loop.max_iters
    return bool(not dynamic and done >= loop.val_begin and on_turn)
