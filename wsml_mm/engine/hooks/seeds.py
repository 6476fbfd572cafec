"""Seeds of the process and of loader workers, each from several numbers."""

from __future__ import annotations

import random
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import get_worker_info


def seed_everything(*key: int) -> None:
    """Seeds python, numpy and torch from several non-negative integers."""
    words = np.random.SeedSequence(key).generate_state(3)
    random.seed(int(words[0]))
    np.random.seed(int(words[1]))
    _seed_torch(int(words[2]))


def _seed_torch(seed: int) -> None:
    found = getattr(torch, 'accelerator', None)
    if found is None or found.is_available():
        torch.manual_seed(seed)
    else:
        # `manual_seed` notes for each kind of device that is not there, with a traceback, to seed
        # it later: in each step this would take longer than that of a linear layer.
        torch.default_generator.manual_seed(seed)


def seed_worker(worker: int, key: tuple[int, ...]) -> None:
    """Seeds a worker that has just started; its number is part of the key."""
    seed_everything(*key, worker + 1)


def seed_worker_by_epoch(worker: int, seed: int, epoch: Tensor, rank: int) -> None:
    """Lets a worker that lives on seed itself at the first batch of each epoch.

    Args:
        worker: number.
        seed: of the run.
        epoch: 0-d, in memory that the training process shares with its workers.
        rank: of the training process.
    """
    info = get_worker_info()
    assert info is not None
    dataset: Any = info.dataset
    seeded_for = [-1]
    read = getattr(dataset, '__getitems__', None) or (lambda indices: [dataset[i] for i in indices])

    def seeded(indices: list[int]) -> list[Any]:
        if seeded_for[0] != (now := int(epoch)):
            seeded_for[0] = now
            seed_everything(seed, now, rank, worker + 1)
        return cast('list[Any]', read(indices))

    dataset.__getitems__ = seeded  # the worker's own copy of the dataset
