"""Observed labels as one file, tied by a fingerprint to the images and classes they are of."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.datasets.annotations import SplitNames
from wsml_mm.labels.agreement import first_contradiction, known_share
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.files import finite, write_durably
from wsml_mm.labels.sparse import SparseLabels

_FORMAT = 1
_ARRAYS = {'indptr': np.int64, 'classes': np.int32, 'values': np.int8}


def save_observation(
    path: str | os.PathLike[str],
    observed: SparseLabels,
    full: SparseLabels,
    names: SplitNames,
    made: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Writes observed labels as a mask file, whole or not at all.

    The `.npz` holds the compressed rows (`indptr`, `classes`, `values`) and `record`, a JSON text
    with the fingerprint of image and class names, the class names, the counts and how the labels
    were made. Equal labels give equal bytes.

    Args:
        path: of the file, ending in `.npz`.
        observed: (N, C), over the whole official split.
        full: (N, C), the annotation they were taken from.
        names: of the N images and C classes.
        made: how they were made, for the record.

    Returns:
        The record.

    Raises:
        ValueError: if the shapes differ, an observed label contradicts the annotation, or the
            name does not end in `.npz`.
        OSError: if the file cannot be written.
    """
    path = Path(path)
    if path.suffix != '.npz':
        raise ValueError(f'{path}: a mask file ends in .npz; name it so')
    shapes = {
        'observed labels': (len(observed), observed.num_classes),
        'annotation': (len(full), full.num_classes),
        'names': (len(names.images()), len(names.classes)),
    }
    if len(set(shapes.values())) > 1:
        raise ValueError(f'{path}: {shapes} differ in (images, classes); give those of one split')
    if (clash := first_contradiction(observed, full)) is not None:
        raise ValueError(
            f'{path}: row {clash[0]}, class {clash[1]} contradicts the annotation; observe labels '
            'that it holds'
        )
    observed = _as_stored(observed)
    record = {
        'fingerprint': names.fingerprint(),
        'images': len(full),
        'classes': list(names.classes),
        'labels': observed.fingerprint(),
        'rest': observed.rest,
        'counts': observed.counts(),
        'annotation_counts': full.counts(),
        'known_share': known_share(observed, full),
        'made': dict(made or {}),
    }
    content = _mask_bytes(record, observed)
    write_durably(path, content, 'free some space there, or give another path')
    return record


def _as_stored(labels: SparseLabels) -> SparseLabels:
    """Returns labels with the number types of a mask file, on which their fingerprint depends."""
    arrays: dict[str, Any] = {n: np.asarray(getattr(labels, n), d) for n, d in _ARRAYS.items()}
    return SparseLabels(**arrays, num_classes=labels.num_classes, rest=labels.rest)


def _mask_bytes(record: dict[str, Any], labels: SparseLabels) -> bytes:
    """Returns the content of a mask file, the same for the same labels and record."""
    text = json.dumps(finite({'format': _FORMAT, **record}), default=str)
    arrays: dict[str, Any] = {name: getattr(labels, name) for name in _ARRAYS}
    buffer = io.BytesIO()
    np.savez_compressed(buffer, record=np.array(text), **arrays)
    return buffer.getvalue()


def read_mask(path: Path) -> tuple[dict[str, Any], SparseLabels]:
    """Returns the record and the labels of a mask file.

    Raises:
        Exception: of any kind, as numpy, zipfile and json have many, on a file that is none.
    """
    with np.load(path, allow_pickle=False) as file:
        missing = {'record', *_ARRAYS} - set(file.files)
        if missing:
            raise ValueError(f'holds no {sorted(missing)[0]}')
        record = json.loads(str(file['record']))
        if not isinstance(record, dict) or record.get('format') != _FORMAT:
            raise ValueError('a record of another format')
        labels = _check_rows(record, **{name: file[name] for name in _ARRAYS})
    if labels.fingerprint() != record.get('labels'):
        raise ValueError('labels that are not those of its record')
    return record, labels


def _check_rows(
    record: dict[str, Any],
    indptr: NDArray[np.int64],
    classes: NDArray[np.int32],
    values: NDArray[np.int8],
) -> SparseLabels:
    """Builds the labels of a file that may hold anything."""
    for name, array in (('indptr', indptr), ('classes', classes), ('values', values)):
        if array.dtype != _ARRAYS[name] or array.ndim != 1:
            raise ValueError(f'{name} of type {array.dtype}, shape {array.shape}')
    count, rest = int(record['images']), record['rest']
    if len(indptr) != count + 1 or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        raise ValueError(f'rows that are not those of {count} images')
    if not indptr[-1] == len(classes) == len(values):
        raise ValueError(f'{len(classes)} classes, {len(values)} values for {indptr[-1]} labels')
    if not np.isin(values, [v for v in (POSITIVE, NEGATIVE, UNOBSERVED) if v != rest]).all():
        raise ValueError('a value that is not a label')
    labels = SparseLabels(indptr, classes, values, len(record['classes']), rest)
    first = np.zeros(len(classes) + 1, bool)
    first[indptr] = True
    if (np.diff(classes)[~first[1:-1]] <= 0).any():
        raise ValueError('a row whose classes do not ascend')
    return labels
