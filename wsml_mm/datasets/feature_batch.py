"""Samples of stored features, packed a batch at a time: one by one takes longer than the step."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.labels.encoding import POSITIVE

from .column_dataset import ColumnDataset
from .features import FeatureDataset


def have_batches(dataset: Any) -> bool:
    """Tells whether all that a dataset's samples hold is stored features, columns and a name."""
    if type(dataset) is not FeatureDataset or not dataset.packs_features_only:
        return False
    inner = type(dataset.dataset)
    return (
        issubclass(inner, ColumnDataset) and inner.get_data_info is ColumnDataset.get_data_info
    )


def positives_of(labels: Tensor) -> Sequence[Tensor]:
    """Returns the ascending classes of each row that are positive.

    Args:
        labels: (B, C) of {1, 0, -1}.
    """
    positive = labels == POSITIVE
    classes = positive.nonzero()[:, 1]
    return classes.split(positive.sum(1).tolist())


def image_paths(dataset: FeatureDataset, positions: NDArray[Any]) -> list[str]:
    """Returns the image files of some rows."""
    paths: list[str] = dataset.dataset.image_paths(positions.tolist())
    return paths


def samples_like(sample: Any, fields: Mapping[str, Sequence[Any]]) -> Iterator[Any]:
    """Yields data samples that differ from one in some fields, which it has.

    Args:
        sample: of MMPretrain, packed by a pipeline.
        fields: a value for each of the B samples, by name.
    """
    kind, shared = type(sample), sample.__dict__
    own = {key for key, value in shared.items() if isinstance(value, set)}  # names of fields
    for values in zip(*fields.values(), strict=True):
        new = kind.__new__(kind)
        content = new.__dict__
        content.update(shared)
        for key in own:
            content[key] = shared[key].copy()
        content.update(zip(fields, values, strict=True))
        yield new
