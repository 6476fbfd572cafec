"""Trains a config; follows a config's `linear_init` first stage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.runner import Runner

from wsml_mm.engine.hooks import newest_loadable

from .configs import LOADERS, fill_loaders, find_config, partial_datasets
from .launch import build_runner


def best_checkpoint(work_dir: str | os.PathLike[str]) -> Path:
    """Returns the best checkpoint of a finished training.

    Raises:
        FileNotFoundError: if there is none.
    """
    found = sorted(Path(work_dir).glob('best_*.pth'), key=os.path.getmtime)
    if not found:
        raise FileNotFoundError(
            f'{work_dir}: no best_*.pth; train with CheckpointHook(save_best="multi-label/mAP")'
        )
    return found[-1]


def train(cfg: Config) -> Runner:
    """Trains a config; where it names a `linear_init` stage, that one first.

    The first stage (the linear layer on frozen features, Large Loss Matters' "LinearInit") runs in
    `work_dir/linear_init`, once; the second starts from its best checkpoint. The schedule of the
    large loss starts again, and corrections are carried over only with `carry_corrections=True`.
    """
    stage = cfg.get('linear_init')
    if stage is not None and not _started(cfg):
        first = _first_stage(cfg, stage)
        done = Path(first.work_dir) / 'finished'
        if not done.is_file():
            first.resume = True  # where there is a checkpoint
            _choose_checkpoint(first)
            build_runner(first).train()
            barrier()  # rank 0 is still writing its best checkpoint
            done.touch()
        best = best_checkpoint(first.work_dir)
        cfg.load_from, cfg.resume = str(best), False  # an interrupted first stage is over now
        if stage.get('carry_corrections', False):
            cfg.default_hooks.partial_label.state_from = str(best)
    _choose_checkpoint(cfg)
    runner = build_runner(cfg)
    runner.train()
    return runner


def _choose_checkpoint(cfg: Config) -> None:
    """Names the checkpoint to resume from: the last, or if it is damaged the newest that loads."""
    if cfg.get('resume', False) and not cfg.get('load_from'):
        latest = newest_loadable(cfg.work_dir)
        cfg.load_from = str(latest) if latest else None


def _started(cfg: Config) -> bool:
    _choose_checkpoint(cfg)
    return bool(cfg.get('resume', False) and cfg.get('load_from'))


def first_stage_config(cfg: Config) -> Config | None:
    """Reads the config of the `linear_init` stage, which stands beside a config's own file."""
    stage = cfg.get('linear_init')
    if stage is None:
        return None
    return Config.fromfile(find_config(str(Path(cfg.filename).parent / str(stage['config']))))


def _first_stage(cfg: Config, stage: dict[str, Any]) -> Config:
    first = first_stage_config(cfg)
    assert first is not None
    first.work_dir = os.path.join(cfg.work_dir, 'linear_init')
    first.launcher = cfg.get('launcher', 'none')
    first.randomness = cfg.randomness
    fill_loaders(first, LOADERS)
    first.merge_from_dict(stage.get('cfg_options') or {})
    # Masks and hold-outs are part of the protocol: both stages see the same observed labels.
    second_sets = partial_datasets(cfg.train_dataloader.dataset)
    for mine, other in zip(
        partial_datasets(first.train_dataloader.dataset), second_sets, strict=True
    ):
        for key in ('observe', 'holdout', 'subsample'):
            mine[key] = other.get(key)
    return first
