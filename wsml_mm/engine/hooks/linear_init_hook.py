"""Refuses the second stage of LinearInit where the first was left out."""

from __future__ import annotations

from typing import Any

from mmengine.hooks import Hook
from mmengine.runner import BaseLoop
from mmpretrain.registry import HOOKS


@HOOKS.register_module()
class LinearInitHook(Hook):  # type: ignore[misc]
    """Refuses to train a config with `linear_init` from other weights than its first stage's.

    MMPretrain's own train.py does not know the key and would train from ImageNet weights; the
    `train` command of this package runs both stages. Put it into `default_hooks` under a new key.

    Config:
        default_hooks = dict(linear_init=dict(type='LinearInitHook'))
    """

    priority = 'VERY_HIGH'

    def before_run(self, runner: Any) -> None:
        """Checks what the run will load, before weights are downloaded.

        Raises:
            ValueError: if it is to load nothing, or corrections are to be carried over and
                no hook loads them.
        """
        stage = runner.cfg.get('linear_init')
        # A test builds no training loop.
        if stage is None or not isinstance(runner._train_loop, BaseLoop) or runner._resume:
            return
        if runner._load_from is None:
            raise ValueError(self._message(runner, 'load_from=BEST'))
        loaded = [getattr(hook, 'state_from', None) for hook in runner.hooks]
        if stage.get('carry_corrections', False) and not any(loaded):
            option = 'default_hooks.partial_label.state_from=BEST'
            raise ValueError(self._message(runner, f'load_from=BEST {option}'))

    def before_train(self, runner: Any) -> None:
        """Checks that something was loaded: a resumed run may have found no checkpoint.

        Raises:
            ValueError: if nothing was loaded.
        """
        if runner.cfg.get('linear_init') is not None and not runner._has_loaded:
            raise ValueError(self._message(runner, 'load_from=BEST'))

    def _message(self, runner: Any, options: str) -> str:
        file = runner.cfg.filename or 'CONFIG'
        return (
            f'{file}: linear_init: its first stage is not loaded; train both stages with '
            f'python -m wsml_mm.cli.train {file}, or the first by itself (write_config writes '
            f'it) and then this one with --cfg-options {options}, its best checkpoint'
        )
