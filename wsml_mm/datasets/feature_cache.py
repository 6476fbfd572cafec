"""A file of features and its record: what they were made from, and whether they are as written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.checksums import CHECKSUM, verify
from wsml_mm.labels.files import array_error, one_line


def check_cache(path: Path, made_from: Mapping[str, Any]) -> None:
    """Refuses a cache that was made from something else.

    Args:
        path: of the features; their record lies beside them.
        made_from: what they would be made from now.

    Raises:
        ValueError: if anything differs, or the record is damaged.
    """
    stored = _read_record(path)
    changed = [key for key in made_from if stored.get(key) != made_from[key]]
    if stored and CHECKSUM not in stored:
        raise ValueError(
            f'{path}: this feature cache was made by an earlier version of wsml_mm, which kept no '
            'checksum; delete it, it is made anew'
        )
    if changed:
        raise ValueError(
            f'{path}: this feature cache is stale, made with other {", ".join(changed)}; delete '
            'it, or give another cache folder'
        )


def open_cache(path: Path, count: int) -> NDArray[Any]:
    """Maps the features, whose checksum is compared once a process, (count, D).

    Args:
        path: of the features.
        count: N, of images.

    Raises:
        ValueError: if they are not what was written.
    """
    try:
        verify(path, _read_record(path)[CHECKSUM])
        features: NDArray[Any] = np.load(path, mmap_mode='r', allow_pickle=False)
        if features.ndim != 2 or len(features) != count:
            raise ValueError(f'shape {features.shape} for {count} images')
    except Exception as error:  # numpy raises many kinds on broken files
        raise ValueError(
            f'{path}: this feature cache is damaged ({array_error(error)}); delete it, it is made '
            'anew'
        ) from error
    return features


def cached_weights(folder: Path) -> set[str]:
    """Returns the hashes of the weights that made the caches of a folder; none without a cache.

    Raises:
        ValueError: if a record is damaged.
    """
    found = (_read_record(path).get('weights') for path in sorted(folder.glob('*.npy')))
    return {str(weights) for weights in found if weights}


def _read_record(path: Path) -> dict[str, Any]:
    """Returns what a cache says of itself; nothing where the file is missing."""
    record = path.with_suffix('.json')
    try:
        content = json.loads(record.read_text(encoding='utf-8')) if record.is_file() else {}
        if not isinstance(content, dict):
            raise ValueError('not an object')
        return content
    except ValueError as error:
        raise ValueError(
            f'{record}: this record of a feature cache is damaged ({one_line(error)}); delete it '
            f'and {path.name}, they are made anew'
        ) from error
