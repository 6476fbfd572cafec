"""The base of all datasets that read official files: columns, never a list of dicts."""

from __future__ import annotations

import copy
import os
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import MultiLabelDataset

from .columns import LabelColumns, prepared_columns
from .labels import NEGATIVE, POSITIVE, SparseLabels
from .names import NameColumn


class ColumnDataset(MultiLabelDataset):  # type: ignore[misc]
    """A split of a multi-label data set whose annotation is held as columns.

    MMEngine's `BaseDataset` keeps a dict an image, which at the 3.4 M images of OpenImages takes
    gigabytes. A subclass says which official files a split comes from (`sources`) and reads them
    (`read_columns`); it is otherwise used as any dataset of MMPretrain.

    Args:
        data_root: the folder the data set was unpacked to.
        split: as the data set's owners name it.
        classes: keep only these, in this order; None: all.
        prepare: keep the columns, once read, in `data_root/wsml_mm` and map them from there.
        kwargs: as for mmpretrain's `MultiLabelDataset`: pipeline, test_mode, indices, ...

    Raises:
        ValueError: if a class is not of the data set, or no image is left.
    """

    # Whether images without any positive among the classes stay.
    keep_empty = True

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        prepare: bool = True,
        **kwargs: Any,
    ) -> None:
        self.split, self.prepare = split, prepare
        self._chosen = None if classes is None else tuple(classes)
        self.columns: LabelColumns | None = None
        self._fully_initialized = False
        super().__init__(
            ann_file='', data_root=os.path.expanduser(data_root), classes=classes, **kwargs
        )

    @abstractmethod
    def read_columns(self) -> LabelColumns:
        """Reads the official files of the split."""

    @property
    def sources(self) -> list[Path]:
        """The official annotation files of the split."""
        return []

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns; differs where the columns do."""
        return f'{type(self).__name__}_{self.split}'.lower()

    @property
    def prepared_folder(self) -> Path:
        """The folder that the split's columns are kept in."""
        return Path(self.data_root) / 'wsml_mm' / self.prepared_name

    def full_init(self) -> None:
        """Opens the columns, reading the official files first where that is due."""
        if self._fully_initialized:
            return
        if self.prepare:
            columns = prepared_columns(self.prepared_folder, self.sources, self.read_columns)
        else:
            columns = self.read_columns()
        if self._chosen is not None and self._chosen != tuple(columns.metainfo['classes']):
            columns = columns.select(self._chosen)
        if not self.keep_empty:
            columns = _without_empty(columns, f'{self.data_root}: split {self.split!r}')
        if self._indices is not None:
            columns = columns.subset(_positions(self._indices, len(columns)))
        self.columns = columns
        self._metainfo.update(columns.metainfo)
        self._fully_initialized = True

    def sparse_labels(self) -> SparseLabels:
        """Returns the labels of the split, (N, C)."""
        self.full_init()
        assert self.columns is not None
        return self.columns.labels

    def image_names(self) -> NameColumn:
        """Returns the images' names below the image folder."""
        self.full_init()
        assert self.columns is not None
        return self.columns.names

    def __len__(self) -> int:
        return len(self.sparse_labels())

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Returns `img_path`, `gt_label` (the positive classes) and `sample_idx` of an image.

        Where not every label is known, `gt_score` ({1, 0, -1}, (C,) int8) says which are.
        """
        labels = self.sparse_labels()
        index = idx if idx >= 0 else len(labels) + idx
        info = {
            'img_path': os.path.join(self.img_prefix, self.image_names()[index]),
            'gt_label': labels.listed(index, POSITIVE).tolist(),
            'sample_idx': index,
        }
        if labels.rest != NEGATIVE:
            info['gt_score'] = labels.row(index)
        return info

    def get_subset(self, indices: int | Sequence[int]) -> ColumnDataset:
        """Returns a dataset of some images: those listed, or the first or last `indices`."""
        part = copy.copy(self)
        part.get_subset_(indices)
        return part

    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keeps some images only: those listed, or the first or last `indices`."""
        self.full_init()
        assert self.columns is not None
        self.columns = self.columns.subset(_positions(indices, len(self.columns)))


def _positions(indices: int | Sequence[int], count: int) -> Any:
    everything = np.arange(count)
    if isinstance(indices, int):
        return everything[:indices] if indices >= 0 else everything[indices:]
    return everything[np.asarray(indices, dtype=np.int64)]


def _without_empty(columns: LabelColumns, where: str) -> LabelColumns:
    kept = columns.labels.row_counts(POSITIVE) > 0
    if not kept.any():
        raise ValueError(
            f'{where}: no image has a positive label; check the annotation and classes, or set '
            'keep_empty=True'
        )
    return columns if kept.all() else columns.subset(np.flatnonzero(kept))
