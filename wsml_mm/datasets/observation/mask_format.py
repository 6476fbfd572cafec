"""The format of mask files: compressed rows of labels and a record of what they are."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

_FORMAT = 1
_ARRAYS = {'indptr': np.int64, 'classes': np.int32, 'values': np.int8}


def as_stored(labels: SparseLabels) -> SparseLabels:
    """Returns labels with the number types of a mask file, on which their fingerprint depends."""
    arrays: dict[str, Any] = {n: np.asarray(getattr(labels, n), d) for n, d in _ARRAYS.items()}
    return SparseLabels(**arrays, num_classes=labels.num_classes, rest=labels.rest)


def mask_bytes(record: dict[str, Any], labels: SparseLabels) -> bytes:
    """Returns the content of a mask file, the same for the same labels and record."""
    text = json.dumps({'format': _FORMAT, **record}, default=str)
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
        raise ValueError('a value that is no label')
    labels = SparseLabels(indptr, classes, values, len(record['classes']), rest)
    first = np.zeros(len(classes) + 1, bool)
    first[indptr] = True
    if (np.diff(classes)[~first[1:-1]] <= 0).any():
        raise ValueError('a row whose classes do not ascend')
    return labels
