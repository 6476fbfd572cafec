"""Observed labels as one file, tied by a fingerprint to the images and classes they are of."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsml_mm.labels.files import why_no_array, write_durably
from wsml_mm.labels.sparse import SparseLabels

from .agreement import first_contradiction, known_share
from .mask_format import as_stored, mask_bytes, read_mask
from .split_names import SplitNames


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
    observed = as_stored(observed)
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
    mend = 'free some space there, or give another path'
    write_durably(path, mask_bytes(record, observed), mend)
    return record


def load_observation(
    path: str | os.PathLike[str], labels: SparseLabels, names: SplitNames | None
) -> SparseLabels:
    """Reads a mask file.

    Args:
        path: of the file, which is never unpickled.
        labels: (N, C) annotation of the split.
        names: of the split's images and classes.

    Raises:
        ValueError: if it is no mask file, is damaged, or of other images, other classes or
            another order of either than the split's, or a label contradicts the annotation.
    """
    path = Path(path)
    try:
        record, observed = read_mask(path)
    except Exception as error:  # numpy, zipfile and json raise many kinds on hostile files
        raise ValueError(
            f'{path}: is no mask file ({why_no_array(error)}); write it with tools/write_mask.py '
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
