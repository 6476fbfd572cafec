"""Observed labels from a file: a mask file of this project or another project's matrix."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.registry import TASK_UTILS
from numpy.typing import NDArray

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.labels.agreement import first_contradiction
from wsml_mm.labels.blocks import Block, join_blocks, row_blocks
from wsml_mm.labels.encoding import UNOBSERVED, decode_labels
from wsml_mm.labels.files import array_error, load_array
from wsml_mm.labels.sparse import SparseLabels

from .base import Observation
from .mask_file import read_mask


@TASK_UTILS.register_module()
class ObservationFile(Observation):
    """Reads the observed labels of the whole official split from a file.

    A seed of a comparison does not reach the file: every run trains on exactly its labels.

    Args:
        path: a mask file, `.npz`, of `tools/write_mask.py` or `save_observation`, which is refused
            where images, classes or either order are not the split's; or an (N, C) `.npy` matrix,
            one row an image. Neither is ever unpickled.
        encoding: of the matrix, see `labels.ENCODINGS`; the reference code's
            `formatted_train_labels_obs.npy` is 'reference'. A mask file has its own.

    Raises:
        ValueError: if an encoding is given for a mask file.

    Config:
        observe = dict(type='ObservationFile', path='data/masks/voc_seed1200.npz')
    """

    def __init__(self, path: str | os.PathLike[str], encoding: str = 'wsml') -> None:
        self.path, self.encoding = Path(path), encoding
        if self.path.suffix == '.npz' and encoding != 'wsml':
            raise ValueError(
                f'{self.path}: encoding={encoding!r} is for .npy matrices; leave it out'
            )

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the file's labels.

        Raises:
            FileNotFoundError: if there is no such file.
            ValueError: if it is neither a mask file nor a `.npy` file of numbers, it is not of
                this split, a value is not of the encoding, or a label contradicts the annotation.
        """
        if not self.path.is_file():
            raise FileNotFoundError(f'{self.path}: no such observed-label file; check `observe`')
        if self.path.suffix == '.npz':
            return load_observation(self.path, labels, self.split_names)
        # Mapped: what is decoded at a time is all that has to fit into memory.
        hint = 'write it with numpy.save, not as objects or .npz'
        matrix = load_array(self.path, 'biuf', hint, mapped=True)
        observed = self._decode(matrix, (len(labels), labels.num_classes))
        if (clash := first_contradiction(observed, labels)) is not None:
            raise ValueError(
                f'{self.path}: row {clash[0]}, class {clash[1]} contradicts the '
                "annotation; check the image order and the file's encoding"
            )
        return observed

    def _decode(self, matrix: NDArray[Any], expected: tuple[int, int]) -> SparseLabels:
        if matrix.shape != expected:
            raise ValueError(
                f'{self.path}: holds {matrix.shape} labels but the split has {expected}; '
                'observe over the whole official split, before any hold-out'
            )
        return join_blocks(self._blocks(matrix), expected)

    def _blocks(self, matrix: NDArray[Any]) -> Iterator[Block]:
        for first, last in row_blocks(matrix.shape):
            block = decode_labels(matrix[first:last], self.encoding, str(self.path))
            rows, classes = np.nonzero(block != UNOBSERVED)
            yield rows + first, classes, block[rows, classes]


def load_observation(
    path: str | os.PathLike[str], labels: SparseLabels, names: SplitNames | None
) -> SparseLabels:
    """Reads a mask file.

    Args:
        path: of the file, which is never unpickled.
        labels: (N, C) annotation of the split.
        names: of the split's images and classes.

    Raises:
        ValueError: if it is not a mask file, is damaged, or of other images, other classes or
            another order of either than the split's, or a label contradicts the annotation.
    """
    path = Path(path)
    try:
        record, observed = read_mask(path)
    except Exception as error:  # numpy, zipfile and json raise many kinds on hostile files
        raise ValueError(
            f'{path}: is not a mask file ({array_error(error)}); write it with tools/write_mask.py '
            'or save_observation'
        ) from error
    _check_split(path, record, labels, names)
    if (clash := first_contradiction(observed, labels)) is not None:
        raise ValueError(
            f'{path}: row {clash[0]}, class {clash[1]} contradicts the annotation, which has '
            'changed since; write the file anew'
        )
    return observed


def _check_split(
    path: Path, record: dict[str, Any], labels: SparseLabels, names: SplitNames | None
) -> None:
    expected = (len(labels), labels.num_classes)
    if (shape := (record['images'], len(record['classes']))) != expected:
        raise ValueError(
            f'{path}: holds {shape} labels but the split has {expected}; '
            'observe over the whole official split, before any hold-out'
        )
    if names is None or len(names.classes) != labels.num_classes:
        raise ValueError(
            f'{path}: cannot be compared with a split without names; read it through '
            'PartialLabelDataset or observe_split'
        )
    pairs = enumerate(zip(record['classes'], names.classes, strict=True))
    other = [f'class {i} is {old!r} there, {new!r} here' for i, (old, new) in pairs if old != new]
    if other:
        raise ValueError(
            f'{path}: is of another class list or order ({other[0]}); write a mask file for this '
            'data set, or give it the classes of the file'
        )
    if record.get('fingerprint') != (found := names.fingerprint()):
        raise ValueError(
            f"{path}: is of other images, or another order of them, than the split's (fingerprint "
            f'{record.get("fingerprint")} there, {found} here); write a mask file for this split'
        )
