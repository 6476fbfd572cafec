"""Labels for tests: dense matrices, their sparse forms, and strategies that draw them."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.datasets import SplitNames
from wsml_mm.labels import NameColumn, SparseLabels

SHAPES = st.tuples(st.integers(0, 9), st.integers(1, 8))
DENSE = hnp.arrays(np.int8, SHAPES, elements=st.sampled_from([1, 0, -1]))


def full_labels(count, classes, density=0.08, seed=0) -> np.ndarray:
    """A 0/1 matrix whose first row has no positive and whose second has no negative."""
    dense = (np.random.RandomState(seed).rand(count, classes) < density).astype(np.int8)
    dense[0], dense[1] = 0, 1
    return dense


def part_labels(count, classes, seed=0) -> np.ndarray:
    return np.random.RandomState(seed).choice([1, 0, -1], (count, classes)).astype(np.int8)


def few_listed(count, classes, listed=8, seed=0) -> SparseLabels:
    """Labels like those of OpenImages: a few known ones an image, never written out densely."""
    rng = np.random.RandomState(seed)
    step = classes // listed
    chosen = np.arange(listed) * step + rng.randint(step, size=(count, listed))
    return SparseLabels(
        np.arange(count + 1) * listed,
        chosen.ravel().astype(np.int32),
        rng.randint(2, size=count * listed).astype(np.int8),
        classes,
        -1,
    )


def as_sparse(dense) -> SparseLabels:
    return SparseLabels.from_dense(dense, rest=0)


def to_dense(labels: SparseLabels) -> np.ndarray:
    rows = [labels.row(index) for index in range(len(labels))]
    return np.array(rows, dtype=np.int8).reshape(len(labels), labels.num_classes)


def names_of(count, classes) -> SplitNames:
    images = NameColumn.from_names(f'image_{row}.jpg' for row in range(count))
    return SplitNames(tuple(f'class_{c}' for c in range(classes)), lambda: images)
