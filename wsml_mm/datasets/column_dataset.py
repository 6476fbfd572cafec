"""The base of all datasets that read official files: columns, never a list of dicts."""

from __future__ import annotations

import copy
import os
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets import MultiLabelDataset

from wsml_mm.labels.columns import LabelColumns, prepared_columns
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE
from wsml_mm.labels.files import is_plain_name
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .annotations import with_dense_labels


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
        """The official annotation files of the split; columns kept without any never age."""
        return []

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns; differs where the columns do."""
        return f'{type(self).__name__.lower()}_{self.split}'

    @property
    def prepared_folder(self) -> Path:
        """The folder that the split's columns are kept in.

        Raises:
            ValueError: if the name of the split leads out of the data set.
        """
        if not is_plain_name(self.prepared_name):
            raise ValueError(f'split={self.split!r}: is the name of no split, but a path; rename')
        return Path(self.data_root) / 'wsml_mm' / self.prepared_name

    def full_init(self) -> None:
        """Opens the columns, reading the official files first if needed."""
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
        self._metainfo.update(columns.metainfo)
        self._use(columns)
        self._fully_initialized = True

    def _use(self, columns: LabelColumns) -> None:
        self.columns, self._labels, self._names = columns, columns.labels, columns.names
        self._prefix = os.path.join(self.img_prefix, '') if self.img_prefix else ''

    def __getstate__(self) -> dict[str, Any]:
        # A spawned worker maps the columns again; labels and names are parts of them.
        return {k: v for k, v in self.__dict__.items() if k not in ('_labels', '_names')}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.columns is not None:
            self._use(self.columns)

    def sparse_labels(self) -> SparseLabels:
        """Returns the labels of the split, (N, C)."""
        self.full_init()
        return self._labels

    def image_names(self) -> NameColumn:
        """Returns the images' names below the image folder."""
        self.full_init()
        return self._names

    def image_paths(self, positions: Iterable[int]) -> list[str]:
        """Returns the files of some images."""
        self.full_init()
        return [self._prefix + self._names[position] for position in positions]

    def __len__(self) -> int:
        return len(self.sparse_labels())

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Returns `img_path`, `sample_idx` and the labels of an image, sparse.

        Where every label is known they are `gt_label`, the positive classes. Otherwise they are
        `labels`, the pair (classes, values) of the known ones: with `gt_label` alone, what is
        unobserved would read as negative.
        """
        if not self._fully_initialized:
            self.full_init()
        index = idx if idx >= 0 else len(self._labels) + idx
        classes, values = self._labels.known(index)
        info = {'img_path': self._prefix + self._names[index], 'sample_idx': index}
        if self._labels.rest == NEGATIVE:
            info['gt_label'] = classes[values == POSITIVE].tolist()
        else:
            info['labels'] = (classes, values)
        return info

    def get_cat_ids(self, idx: int) -> list[int]:
        """Returns the positive classes of an image."""
        ids: list[int] = self.sparse_labels().listed(idx, POSITIVE).tolist()
        return ids

    def prepare_data(self, idx: int) -> Any:
        """Returns the image's packed sample, with a `gt_score` where not every label is known."""
        return self.pipeline(with_dense_labels(self.get_data_info(idx), self._labels.num_classes))

    def get_subset(self, indices: int | Sequence[int]) -> ColumnDataset:
        """Returns a dataset of some images: those listed, or the first or last `indices`."""
        part = copy.copy(self)
        part.get_subset_(indices)
        return part

    def get_subset_(self, indices: int | Sequence[int]) -> None:
        """Keeps some images only: those listed, or the first or last `indices`."""
        self.full_init()
        assert self.columns is not None
        self._use(self.columns.subset(_positions(indices, len(self.columns))))


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
