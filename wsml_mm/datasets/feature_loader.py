"""A loader that reads stored features some batches at a time, and makes no sample of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from mmengine.dataset import DefaultSampler, default_collate, pseudo_collate
from torch.utils.data import BatchSampler, DataLoader

from .feature_batch import FeatureRows, have_batches
from .late import LateDict
from .partial_label import PartialLabelDataset

_TOGETHER = 1 << 18  # values of features that are read at once: 1 MB, which stays in the cache


class FeatureBatch(LateDict):
    """A batch of stored features as tensors; who looks into it finds what a loader collates.

    Args:
        rows: what the samples hold.
        loader: that would have made it.
        indices: of the samples.
    """

    def __init__(self, rows: FeatureRows, loader: Any, indices: Sequence[int]) -> None:
        super().__init__(lambda: loader.collate_fn(loader.dataset.__getitems__(indices)))
        self.rows = rows

    @classmethod
    def closed(cls, batch: Any) -> FeatureRows | None:
        """Returns the rows of a batch; None: there are none, or somebody has looked into it.

        Args:
            batch: of any loader.
        """
        return batch.rows if isinstance(batch, cls) and not batch.is_open else None


class FeatureLoader(DataLoader[Any]):
    """PyTorch's loader over stored features, in the same order and of the same random state."""

    as_tensors = True  # False: as any other loader

    @classmethod
    def of(cls, loader: Any) -> FeatureLoader | None:
        """Returns a loader in place of another, with all its settings; None: it has other data.

        Args:
            loader: of PyTorch.
        """
        if type(loader) is not DataLoader or not _fits(loader):
            return None
        own = cls.__new__(cls)
        own.__dict__.update(loader.__dict__)
        return own

    def __iter__(self) -> Iterator[Any]:  # type: ignore[override]
        if not self.as_tensors or not _fits(self):
            return super().__iter__()
        # PyTorch draws the seed of its workers here, whether there are any or not.
        torch.empty((), dtype=torch.int64).random_(generator=self.generator)
        return self._batches()

    def _batches(self) -> Iterator[FeatureBatch]:
        dataset: Any = self.dataset
        for batches in self._together():
            rows = dataset.feature_rows([index for batch in batches for index in batch])
            parts = rows.split([len(batch) for batch in batches])
            for part, batch in zip(parts, batches, strict=True):
                yield FeatureBatch(part, self, batch)

    def _together(self) -> Iterator[list[list[int]]]:
        """Yields the indices of batches that are read at once."""
        dataset: Any = self.dataset
        # A sampler of a user's may choose the next batch by what the last one has led to.
        known = type(self.batch_sampler) is BatchSampler and type(self.sampler) is DefaultSampler
        room = _TOGETHER // dataset.dataset.feature_size if known else 0
        waiting: list[list[int]] = []
        for batch in self.batch_sampler or ():
            if waiting and sum(map(len, waiting)) + len(batch) > room:
                yield waiting
                waiting = []
            waiting.append(batch)
        if waiting:
            yield waiting


def _fits(loader: Any) -> bool:
    dataset, collate = loader.dataset, loader.collate_fn
    arguments = getattr(collate, 'args', ()), getattr(collate, 'keywords', {})
    return (
        type(dataset) is PartialLabelDataset
        and have_batches(dataset.dataset)
        and loader.batch_sampler is not None
        and getattr(collate, 'func', collate) in (pseudo_collate, default_collate)
        and not any(arguments)
    )
