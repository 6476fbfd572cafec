"""Which labels of a fully (or partly) annotated split are observed: registered processes."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from .files import load_array
from .labels import NEGATIVE, POSITIVE, UNOBSERVED, SparseLabels, decode_labels

Row = tuple[NDArray[np.int64], NDArray[np.int64]]


class Observation(ABC):
    """Maps the labels of the whole official split to the observed labels, row by row."""

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the observed labels: (N, C) like `labels`, unlisted entries unobserved."""
        return SparseLabels.from_rows(self.rows(labels), labels.num_classes, rest=UNOBSERVED)

    @abstractmethod
    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields (observed positive classes, observed negative classes) of each image."""


@TASK_UTILS.register_module()
class ObserveAll(Observation):
    """Observes every known label: the full-label upper bound."""

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns `labels` as they are."""
        return labels

    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields the known labels of each image."""
        for index in range(len(labels)):
            yield labels.listed(index, POSITIVE), labels.listed(index, NEGATIVE)


@TASK_UTILS.register_module()
class ObserveCounts(Observation):
    """Observes up to `num_pos` positives and `num_neg` negatives an image, uniformly at random.

    The draws equal those of the field's generator script bit for bit (Cole et al., CVPR 2021,
    "Multi-Label Learning from Single Positive Labels", uniform observation): one
    `RandomState(seed)` a split, and each row shuffles its positives, then its negatives, even
    where none is kept.

    Args:
        num_pos: positives kept an image; -1 keeps all.
        num_neg: negatives kept an image; -1 keeps all.
        seed: of the generator; the published masks use 1200.

    Raises:
        ValueError: if a count is below -1.
    """

    def __init__(self, num_pos: int = 1, num_neg: int = 0, seed: int = 1200) -> None:
        if min(num_pos, num_neg) < -1:
            raise ValueError(f'num_pos={num_pos}, num_neg={num_neg}: use a count, or -1 for all')
        self.num_pos, self.num_neg, self.seed = num_pos, num_neg, seed

    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields the kept positives and negatives of each image, in the order drawn."""
        rng = np.random.RandomState(self.seed)
        for index in range(len(labels)):
            kept = []
            for value, count in ((POSITIVE, self.num_pos), (NEGATIVE, self.num_neg)):
                candidates = labels.listed(index, value)
                rng.shuffle(candidates)
                kept.append(candidates if count == -1 else candidates[:count])
            yield kept[0], kept[1]


@TASK_UTILS.register_module()
class SinglePositive(ObserveCounts):
    """Observes one positive label an image and nothing else (images without positives: none).

    Args:
        seed: of the generator; the published masks use 1200.
    """

    def __init__(self, seed: int = 1200) -> None:
        super().__init__(num_pos=1, num_neg=0, seed=seed)


@TASK_UTILS.register_module()
class KeepRatio(Observation):
    """Keeps each label, positive or negative, independently with one probability.

    Args:
        ratio: the share of labels kept, 0 to 1.
        seed: of the generator.

    Raises:
        ValueError: if the ratio is outside 0..1.
    """

    def __init__(self, ratio: float, seed: int = 0) -> None:
        if not 0 <= ratio <= 1:
            raise ValueError(f'ratio={ratio}: the share of labels kept lies in 0..1')
        self.ratio, self.seed = ratio, seed

    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields the kept labels of each image."""
        rng = np.random.RandomState(self.seed)
        for index in range(len(labels)):
            # One number a class, so that a mask does not depend on which labels are known.
            kept = rng.random_sample(labels.num_classes) < self.ratio
            positives, negatives = labels.listed(index, POSITIVE), labels.listed(index, NEGATIVE)
            yield positives[kept[positives]], negatives[kept[negatives]]


@TASK_UTILS.register_module()
class ObservationFile(Observation):
    """Reads the observed labels from a `.npy` matrix, one row an image of the official split.

    Args:
        path: (N, C) matrix, never unpickled.
        encoding: of the matrix, see `labels.ENCODINGS`; the reference code's
            `formatted_train_labels_obs.npy` is 'reference'.
    """

    def __init__(self, path: str | os.PathLike[str], encoding: str = 'wsml') -> None:
        self.path, self.encoding = Path(path), encoding

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the file's labels.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is not a `.npy` file of numbers, the shape is not that of the split,
                a value is not of the encoding, or a label contradicts the annotation.
        """
        if not self.path.is_file():
            raise FileNotFoundError(f'{self.path}: no such observed-label file; check `observe`')
        matrix = load_array(self.path, 'biuf', 'write it with numpy.save, not as objects or .npz')
        expected = (len(labels), labels.num_classes)
        if matrix.shape != expected:
            raise ValueError(
                f'{self.path}: holds {matrix.shape} labels but the split has {expected}; '
                'observe over the whole official split, before any hold-out'
            )
        observed = decode_labels(matrix, self.encoding, str(self.path))
        for index in range(len(labels)):
            clash = (observed[index] != UNOBSERVED) & (observed[index] != labels.row(index))
            if clash.any():
                raise ValueError(
                    f'{self.path}: row {index}, class {int(clash.argmax())} contradicts the '
                    "annotation; check the image order and the file's encoding"
                )
        return SparseLabels.from_dense(observed)

    def rows(self, labels: SparseLabels) -> Iterator[Row]:
        """Yields the file's labels of each image."""
        return ObserveAll().rows(self(labels))
