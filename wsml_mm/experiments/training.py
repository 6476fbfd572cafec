"""Trains a config; follows a config's `linear_init` first stage."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.dist import barrier
from mmengine.runner import Runner
from mmpretrain.registry import DATASETS

from wsml_mm.datasets import FeatureDataset
from wsml_mm.datasets.nesting import unwrap, wrapped_datasets
from wsml_mm.engine.hooks import best_checkpoint as best_checkpoint
from wsml_mm.engine.hooks import to_resume_from
from wsml_mm.engine.hooks.run_checks import check_length
from wsml_mm.engine.hooks.training_facts import fingerprint_of

from .configs import LOADERS, fill_loaders, first_stage_config, partial_datasets
from .launch import build_runner, close_group_at_exit
from .results import read_record, write_record
from .run_folders import claimed_by_training
from .spelling import explained_types

# Settings of a training that keeps the checkpoint of every epoch.
KEEP_EPOCHS = {'default_hooks.checkpoint.max_keep_ckpts': -1}


def train(cfg: Config) -> Runner:
    """Trains a config; where it names a `linear_init` stage, that one first.

    The first stage (the linear layer on frozen features, Large Loss Matters' "LinearInit") runs in
    `work_dir/linear_init`, once; the second starts from its best checkpoint, or from `load_from`
    where the first was trained elsewhere. The schedule of the large loss starts again, and
    corrections are carried over only with `carry_corrections=True`.

    Raises:
        ValueError: if there is nothing to train, or another training is running in the work
            folder; more is refused by the hooks.
    """
    check_length(cfg.get('train_cfg') or {})  # MMEngine's schedulers speak of begin and end
    with claimed_by_training(cfg), explained_types():
        return _train(cfg)


def _train(cfg: Config) -> Runner:
    stage = cfg.get('linear_init')
    if stage is not None and not _started(cfg):
        if not cfg.get('load_from'):
            cfg.load_from, cfg.resume = str(_trained_first_stage(cfg, stage)), False
        if stage.get('carry_corrections', False):
            _carry_state(cfg, cfg.load_from)
    _choose_checkpoint(cfg)
    runner = build_runner(cfg)
    runner.train()
    close_group_at_exit()
    return runner


def _carry_state(cfg: Config, checkpoint: str) -> None:
    """Lets the hook of the losses start with a checkpoint's label state, by its old name too."""
    options = {'PartialLabelHook': 'state_from', 'LargeLossHook': 'corrections_from'}
    for hook in cfg.default_hooks.values():
        if isinstance(hook, dict) and hook.get('type') in options:
            hook[options[hook['type']]] = checkpoint
            return
    raise ValueError(
        f'{cfg.filename}: linear_init.carry_corrections wants PartialLabelHook in default_hooks'
    )


def _choose_checkpoint(cfg: Config) -> None:
    """Names the checkpoint to resume from: the last, or if it is damaged the newest that loads."""
    if cfg.get('resume', False) and not cfg.get('load_from'):
        found = to_resume_from(cfg.work_dir, _out_dir(cfg))
        cfg.load_from = str(found) if found else None


def _out_dir(cfg: Config) -> str | None:
    """Returns where the checkpoint hook was told to write, in place of the work folder."""
    hook = (cfg.get('default_hooks') or {}).get('checkpoint') or {}
    out_dir: str | None = hook.get('out_dir')
    return out_dir


def _started(cfg: Config) -> bool:
    _choose_checkpoint(cfg)
    return bool(cfg.get('resume', False) and cfg.get('load_from'))


def _trained_first_stage(cfg: Config, stage: dict[str, Any]) -> Path:
    first = first_stage_of(cfg, stage)
    done = Path(first.work_dir) / 'finished'
    # Without the extractor: where its weights are drawn, the runner's seed must come first.
    source = unwrap(first.train_dataloader.dataset, FeatureDataset)
    labels = fingerprint_of(wrapped_datasets(DATASETS.build(source)))
    if done.is_file():
        _check_first_stage(done, labels)
    else:
        first.resume = True  # where there is a checkpoint
        _choose_checkpoint(first)
        build_runner(first).train()
        barrier()  # rank 0 is still writing its best checkpoint
        write_record(done, {'train labels': labels})
    return best_checkpoint(first.work_dir, _out_dir(first))


def _check_first_stage(done: Path, labels: str) -> None:
    """Refuses a finished first stage of other labels; a comparison knows the rest of it."""
    if not done.stat().st_size:  # of an earlier version, which noted nothing
        return
    if read_record(done).get('train labels') != labels:
        raise ValueError(
            f'{done.parent}: holds a first stage trained on other images or observed labels; '
            'delete that folder, it is trained anew, or give another work_dir'
        )


def first_stage_of(cfg: Config, stage: dict[str, Any]) -> Config:
    """Returns the config that the first stage of a LinearInit config is trained with."""
    first = first_stage_config(cfg)
    assert first is not None
    first.work_dir = os.path.join(cfg.work_dir, 'linear_init')
    first.launcher = cfg.get('launcher', 'none')
    first.randomness = cfg.randomness
    fill_loaders(first, LOADERS)
    first.merge_from_dict(stage.get('cfg_options') or {})
    share_labels(first, cfg)
    return first


def share_labels(first: Config, second: Config) -> None:
    """Lets the first stage see the same observed labels: masks and hold-outs are the protocol's."""
    second_sets = partial_datasets(second.train_dataloader.dataset)
    for mine, other in zip(
        partial_datasets(first.train_dataloader.dataset), second_sets, strict=True
    ):
        for key in ('observe', 'holdout', 'subsample'):
            mine[key] = other.get(key)
