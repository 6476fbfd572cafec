"""Random state as a function of (seed, epoch, rank), so that a resumed run repeats itself."""

from __future__ import annotations

import functools
import random
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmpretrain.registry import HOOKS


def seed_everything(*key: int) -> None:
    """Seeds python, numpy and torch from several non-negative integers."""
    words = np.random.SeedSequence(key).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(int(words[1]))
    torch.manual_seed(int(words[2]))


def _seed_worker(worker: int, key: tuple[int, ...]) -> None:
    seed_everything(*key, worker + 1)


@HOOKS.register_module()
class EpochSeedHook(Hook):  # type: ignore[misc]
    """Reseeds the process and its loader workers at the start of every epoch.

    mmengine saves no random state and seeds workers without the epoch: a resumed run draws other
    augmentations than the uninterrupted one, and non-persistent workers repeat the same ones every
    epoch. Persistent workers are started anew each epoch, the only moment they can be seeded.

    Config:
        default_hooks = dict(epoch_seed=dict(type='EpochSeedHook'))
    """

    priority = 'HIGH'
    _built_with: int | None = None

    def before_run(self, runner: Any) -> None:
        """Notes the seed that the loaders are built with."""
        self._built_with = runner.seed

    def before_train(self, runner: Any) -> None:
        """Gives the sampler the seed of the resumed run, which the runner learns after building."""
        sampler = runner.train_dataloader.sampler
        if runner.seed != self._built_with and getattr(sampler, 'seed', None) == self._built_with:
            sampler.seed = runner.seed

    def before_train_epoch(self, runner: Any) -> None:
        """Seeds from (seed, epoch, rank)."""
        key = (int(runner.seed), int(runner.epoch), get_rank())
        seed_everything(*key)
        loader = runner.train_dataloader
        loader.worker_init_fn = functools.partial(_seed_worker, key=key)
        if getattr(loader, 'persistent_workers', False):
            loader._iterator = None

    def after_train(self, runner: Any) -> None:
        """Ends persistent workers: of no use to the stage or test that follows in this process."""
        loader = runner.train_dataloader
        if getattr(loader, 'persistent_workers', False):
            loader._iterator = None
