"""Pseudo-labels from elsewhere: which labels of a training set are taken for positive."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.class_lists import class_difference
from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.files import array_error, load_array
from wsml_mm.labels.sparse import SparseLabels

from ..label_state import TrainingFacts

_FIX = 'give an (images, classes) .npy of 0 and 1, or an .npz with "sample" and "class"'


def pseudo_positives(
    source: Any, facts: TrainingFacts, classes: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Returns the pseudo-positives as ascending keys, sample * C + class; observed labels too.

    Args:
        source: an (N, C) array of {0, 1} (or bool, or {1, 0, -1}), where 1 is positive;
            `SparseLabels`; a `.npy` file of such an array; or a `.npz` file with the positions
            'sample' and 'class' of the positives, the names 'classes' and 'num_samples', as far as
            it has them.
        facts: of the training set.
        classes: names that the columns of the source stand for; None: not known.

    Raises:
        ValueError: in one line, if they are of another shape or other classes.
    """
    name = os.fspath(source) if isinstance(source, (str, os.PathLike)) else 'pseudo_labels'
    if isinstance(source, (str, os.PathLike)):
        if str(source).endswith('.npz'):
            return _from_pairs(Path(source), facts, classes)
        source = load_array(Path(source), 'biuf', _FIX, mapped=True)
    _check_classes(name, classes, facts)
    if isinstance(source, SparseLabels):
        _check_shape(name, (len(source), source.num_classes), facts)
        known = source.values == POSITIVE
        keys = source.entry_rows()[known] * facts.num_classes + source.classes[known]
        return np.asarray(keys, np.int64)
    matrix = np.asarray(source)
    _check_shape(name, matrix.shape, facts)
    wrong = ~np.isin(matrix, (1, 0, -1))
    if wrong.any():
        row, label = np.argwhere(wrong)[0].tolist()
        raise ValueError(
            f'{name}: value {matrix[row, label]} of sample {row}, class {label}; pseudo-labels are '
            '1 for positive and 0 (or -1) for the rest; compare scores with a threshold first'
        )
    return np.flatnonzero(matrix == POSITIVE)


def _from_pairs(
    path: Path, facts: TrainingFacts, classes: Sequence[str] | None
) -> NDArray[np.int64]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            columns = {name: archive[name] for name in archive.files}
    except FileNotFoundError:
        raise
    except Exception as error:  # numpy raises many kinds on hostile files
        raise ValueError(f'{path}: is not a .npz archive ({array_error(error)}); {_FIX}') from error
    if missing := {'sample', 'class'} - set(columns):
        raise ValueError(f'{path}: has no column {min(missing)!r}; {_FIX}')
    names = columns['classes'].tolist() if 'classes' in columns else classes
    _check_classes(str(path), names, facts)
    if 'num_samples' in columns:
        width = len(names) if names is not None else facts.num_classes
        _check_shape(str(path), (int(columns['num_samples']), width), facts)
    sample, label = columns['sample'], columns['class']
    whole = all(column.dtype.kind in 'iu' and column.ndim == 1 for column in (sample, label))
    if not whole or len(sample) != len(label):
        raise ValueError(f'{path}: "sample" and "class" must be equally many whole numbers; {_FIX}')
    for what, column, size in (
        ('sample', sample, facts.num_samples), ('class', label, facts.num_classes)
    ):  # fmt: skip
        if len(column) and not 0 <= column.min() <= column.max() < size:
            raise ValueError(
                f'{path}: {what} {int(column.max())} (least {int(column.min())}) is outside '
                f'0..{size - 1} of the training set; give pseudo-labels of the same data'
            )
    return np.unique(sample.astype(np.int64) * facts.num_classes + label)


def _check_classes(name: str, classes: Sequence[str] | None, facts: TrainingFacts) -> None:
    if classes is None or facts.classes is None:
        return
    if different := class_difference(classes, facts.classes):
        raise ValueError(
            f'{name}: pseudo-labels of other classes than the training set ({different}); give '
            'those of the same list, in its order'
        )


def _check_shape(name: str, shape: tuple[int, ...], facts: TrainingFacts) -> None:
    expected = facts.num_samples, facts.num_classes
    if tuple(shape) != expected:
        raise ValueError(
            f'{name}: pseudo-labels of shape {tuple(shape)}, the training set has {expected} '
            '(images of the official split, classes); give one row for each image of it'
        )
