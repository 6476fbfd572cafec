"""Samples of stored features, packed a batch at a time: one by one takes longer than the step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.encoding import CHECKED, POSITIVE
from wsml_mm.labels.sparse import SparseLabels

from .column_dataset import ColumnDataset
from .features import FeatureDataset

_KEPT = 1 << 24  # labels of a part, up to which they are unpacked once and kept: 16 MB


def have_batches(dataset: Any) -> bool:
    """Tells whether all that a dataset's samples hold is stored features, labels and a name."""
    if type(dataset) is not FeatureDataset or not dataset.packs_features_only:
        return False
    inner = type(dataset.dataset)
    return issubclass(inner, ColumnDataset) and inner.get_data_info is ColumnDataset.get_data_info


@dataclass(frozen=True)
class LabelRows:
    """Unpacked rows of a part: what its samples hold beside features.

    Args:
        made_from: the objects they were unpacked from.
        positions: (N,) of the rows within the split.
        labels: (N, C) int8 of {1, 0, -1}: observed labels and, for a diagnosis, all of them.
        positives: ascending observed classes of each row.
        paths: image files.
    """

    made_from: tuple[Any, ...]
    positions: NDArray[np.int64]
    labels: Sequence[Tensor]
    positives: Sequence[Tensor]
    paths: Sequence[str]

    @classmethod
    def of(
        cls, dataset: FeatureDataset, labels: Sequence[SparseLabels], positions: NDArray[np.int64]
    ) -> LabelRows:
        """Unpacks rows.

        Args:
            dataset: that `have_batches` tells of.
            labels: observed ones first.
            positions: of the rows within the split.
        """
        dense = [torch.from_numpy(each.rows(positions)) for each in labels]
        positive = dense[0] == POSITIVE
        classes = torch.split(positive.nonzero()[:, 1], positive.sum(1).tolist())
        paths = dataset.dataset.image_paths(positions.tolist())
        return cls((dataset, *labels, positions), positions, dense, classes, paths)

    def are_of(self, dataset: Any, labels: Sequence[SparseLabels], positions: Any) -> bool:
        """Tells whether they were unpacked from these objects."""
        asked = (dataset, *labels, positions)
        return len(asked) == len(self.made_from) and all(map(_same, asked, self.made_from))

    def dense(self, rows: Tensor) -> list[Tensor]:
        """Returns the labels of some of the rows, (B, C) int8 copies."""
        return [each[rows] for each in self.labels]

    def take(self, rows: Sequence[int]) -> LabelRows:
        """Returns some of the rows; their labels are copies."""
        index = torch.as_tensor(rows)
        return LabelRows(
            (),
            self.positions[rows],
            self.dense(index),
            [self.positives[row] for row in rows],
            [self.paths[row] for row in rows],
        )


@dataclass(frozen=True)
class FeatureRows:
    """What the samples of a batch hold, as tensors.

    Args:
        features: (B, D) or (B, D, h, w) float32.
        observed: (B, C) float32 of {1, 0, -1}.
        sample_idx: (B,) int64.
        group: (B,) int64; None: there are no groups.
        full: (B, C) int8, the hidden labels of a diagnosis; None: they do not ride along.
    """

    features: Tensor
    observed: Tensor
    sample_idx: Tensor
    group: Tensor | None
    full: Tensor | None

    def split(self, sizes: list[int]) -> Iterator[FeatureRows]:
        """Yields batches of some sizes, which share memory with these rows."""
        given = (self.features, self.observed, self.sample_idx, self.group, self.full)
        none: list[Any] = [None] * len(sizes)
        columns = [none if each is None else torch.split(each, sizes) for each in given]
        for values in zip(*columns, strict=True):
            rows = FeatureRows(*values)
            setattr(rows.observed, CHECKED, True)
            yield rows


def _same(one: Any, other: Any) -> bool:
    return one is other


def fits(labels: SparseLabels, positions: NDArray[np.int64]) -> bool:
    """Tells whether the unpacked labels of some rows are small enough to be kept."""
    return len(positions) * labels.num_classes <= _KEPT


def samples_like(sample: Any, fields: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """Yields data samples that differ from one in some fields, which it has.

    Args:
        sample: of MMPretrain, packed by a pipeline.
        fields: a value for each of the B samples, by name.
    """
    kind: Any = type(sample)
    shared = sample.__dict__
    named = [key for key, value in shared.items() if isinstance(value, set)]  # sets of field names
    for values in zip(*fields.values(), strict=True):
        new = kind.__new__(kind)
        content = new.__dict__
        content.update(shared)
        for key in named:
            content[key] = shared[key].copy()
        content.update(zip(fields, values, strict=True))
        yield new
