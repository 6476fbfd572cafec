"""Random state as a function of (seed, epoch or iteration, rank): a resumed run repeats itself."""

from __future__ import annotations

import functools
from typing import Any

import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import IterBasedTrainLoop
from mmpretrain.registry import HOOKS
from torch import Tensor
from torch.utils.data import IterableDataset

from .seeds import seed_everything, seed_worker, seed_worker_by_epoch

_BATCH, _STEP = 0, 1  # what is drawn in an iteration


def _by_iteration(runner: Any) -> bool:
    return isinstance(getattr(runner, 'train_loop', None), IterBasedTrainLoop)


def _can_live_on(loader: Any) -> bool:
    """Tells whether workers learn of each batch, before which they can seed themselves."""
    dataset = loader.dataset
    by_batches = loader.batch_sampler is not None and not isinstance(dataset, IterableDataset)
    return by_batches and hasattr(dataset, '__dict__')


class SeededBatches:
    """The batches of an iteration-based loop, each drawn after seeding from its number.

    Args:
        batches: MMEngine's endless iterator over the loader.
        loader: that it is over; its workers are seeded by the batch they are started for.
        key: seed and rank.
    """

    def __init__(self, batches: Any, loader: Any, key: tuple[int, int]) -> None:
        self._batches, self._loader, self._key = batches, loader, key
        self._number = 0

    def __iter__(self) -> SeededBatches:
        return self

    def __next__(self) -> Any:
        key = (*self._key, self._number, _BATCH)
        self._loader.worker_init_fn = functools.partial(seed_worker, key=key)
        if self._loader.num_workers == 0:
            seed_everything(*key)
        self._number += 1
        return next(self._batches)

    def skip_iter(self, count: int) -> None:
        """Draws what an interrupted training has seen: only so are its workers in their state."""
        for _ in range(count):
            next(self)


@HOOKS.register_module()
class EpochSeedHook(Hook):  # type: ignore[misc]
    """Reseeds the process and its loader workers at the start of every epoch or iteration.

    mmengine saves no random state and seeds workers without the epoch: a resumed run draws other
    augmentations than the uninterrupted one, and non-persistent workers repeat the same ones every
    epoch. Persistent workers draw what those that are started anew do. Under `IterBasedTrainLoop`,
    whose resume draws all batches before it once more, every step and every batch is seeded.

    Config:
        default_hooks = dict(epoch_seed=dict(type='EpochSeedHook'))
    """

    priority = 'HIGH'
    _built_with: int | None = None
    _each_step = False
    _epoch: Tensor  # that persistent workers know of
    _init: Any = object()  # what they have started with

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
        self._each_step = _by_iteration(runner)
        if self._each_step:
            loader._iterator = None
            self._seed_batches(runner.train_loop, (key[0], key[2]))
        elif getattr(loader, 'persistent_workers', False):
            self._seed_persistent(loader, key)
        else:
            loader.worker_init_fn = functools.partial(seed_worker, key=key)

    def _seed_persistent(self, loader: Any, key: tuple[int, int, int]) -> None:
        if not _can_live_on(loader):
            loader._iterator = None
            loader.worker_init_fn = functools.partial(seed_worker, key=key)
            return
        # Workers that start draw a number of the process's, in whichever epoch they do so. They are
        # given a generator of their own, and the number is drawn in each epoch.
        if loader.generator is None:
            loader.generator = torch.Generator()
        torch.empty((), dtype=torch.int64).random_()
        seed, epoch, rank = key
        reading: Any = getattr(loader, '_iterator', None)
        ours = reading is not None and reading._worker_init_fn is self._init
        if not ours or reading._tasks_outstanding or int(self._epoch) == epoch:
            loader._iterator = None  # of others, left half-way, or of an epoch that starts again
            self._epoch = torch.tensor(epoch).share_memory_()  # type: ignore[no-untyped-call]
            self._init = functools.partial(
                seed_worker_by_epoch, seed=seed, epoch=self._epoch, rank=rank
            )
            loader.worker_init_fn = self._init
            return
        # Nobody reads it now: the workers have delivered the whole epoch before.
        self._epoch.fill_(epoch)

    def _seed_batches(self, loop: Any, key: tuple[int, int]) -> None:
        batches = type(loop.dataloader_iterator)
        if batches is SeededBatches:
            return  # a second training of this runner goes on
        # The loop has begun to fetch when it was built, before a resumed run's seed was known.
        sampler = loop.dataloader.sampler
        if hasattr(sampler, '_indices_of_rank'):  # InfiniteSampler would go on where it was
            sampler.indices = sampler._indices_of_rank()
        loop.dataloader_iterator = None
        key_of_first = (*key, 0, _BATCH)
        loop.dataloader.worker_init_fn = functools.partial(seed_worker, key=key_of_first)
        loop.dataloader_iterator = SeededBatches(batches(loop.dataloader), loop.dataloader, key)

    def before_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None) -> None:
        """Seeds a step of an iteration-based loop from (seed, rank, iteration)."""
        if self._each_step:
            seed_everything(int(runner.seed), get_rank(), int(runner.iter), _STEP)

    def after_run(self, runner: Any) -> None:
        """Ends persistent workers, of no use to the stage or test that follows in this process.

        The garbage collector, to which MMEngine leaves them, takes five seconds for each.
        """
        for name in ('_train_loop', '_val_loop', '_test_loop'):
            loop = getattr(runner, name, None)  # a config, if nobody has asked for it
            loader: Any = getattr(loop, 'dataloader', None)
            if getattr(loader, 'persistent_workers', False):
                loader._iterator = None
