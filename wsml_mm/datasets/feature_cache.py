"""A file of features and its record: what they were made from, and whether they are as written."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.checksums import CHECKSUM, checksum, verify
from wsml_mm.labels.files import array_error, one_line, write_rows, writing

WRITE_HINT = 'free some space, or give another cache folder'


class Kept(NamedTuple):
    """A kind of stored feature.

    Attributes:
        dtype: as stored, unless one is named.
        axes: of the array of all images.
        suffix: of the file's name, so that both kinds fit into one folder.
    """

    dtype: str
    axes: int
    suffix: str


KEPT = {'pooled': Kept('float32', 2, ''), 'map': Kept('float16', 4, '_map')}


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


def within_limit(
    batches: Iterable[NDArray[Any]], count: int, max_gigabytes: float, where: str
) -> Iterator[NDArray[Any]]:
    """Passes batches of maps on, once it is known that all of them are not too large.

    Args:
        batches: (B, D, h, w) each.
        count: N, of images.
        max_gigabytes: refused above it, from a quarter of it warned of.
        where: the file, for messages.

    Raises:
        ValueError: if they would take more, or a value does not fit into their type.
    """
    for number, batch in enumerate(batches):
        size = count * batch[0].nbytes / 1e9
        if number == 0 and size > max_gigabytes / 4:
            shape = ' x '.join(map(str, batch.shape[1:]))
            said = f'{where}: {count} maps of {shape} {batch.dtype} take {size:.3g} GB'
            if size > max_gigabytes:
                raise ValueError(
                    f'{said}, more than max_gigabytes={max_gigabytes:g}: raise it, take smaller '
                    'images, or train end to end'
                )
            warnings.warn(f'{said} of disk', stacklevel=2)
        if not np.isfinite(batch).all():
            raise ValueError(
                f'{where}: a value of the maps does not fit into {batch.dtype}: set dtype="float32"'
            )
        yield batch


def write_cache(
    path: Path, batches: Iterable[NDArray[Any]], count: int, made_from: Mapping[str, Any]
) -> None:
    """Writes features and their record; what ends early leaves neither.

    Args:
        path: of the features.
        batches: (B, ...) each.
        count: N, of images.
        made_from: what they are made from.

    Raises:
        OSError: if they cannot be written.
    """
    partial, record = path.with_suffix('.partial'), path.with_suffix('.json')
    try:
        with writing(path, WRITE_HINT):
            # Batch by batch: the features of millions of images do not fit into memory.
            write_rows(partial, batches, count)
            content = {**made_from, CHECKSUM: checksum(partial)}
            record.write_text(json.dumps(content, indent=1), encoding='utf-8')
            # Last: a killed extraction leaves no file under the final name.
            os.replace(partial, path)
    except BaseException:
        partial.unlink(missing_ok=True)
        record.unlink(missing_ok=True)
        raise


def open_cache(path: Path, count: int, axes: int = 2) -> NDArray[Any]:
    """Maps the features, whose checksum is compared once a process, (count, ...).

    Args:
        path: of the features.
        count: N, of images.
        axes: of the array.

    Raises:
        ValueError: if they are not what was written.
    """
    try:
        verify(path, _read_record(path)[CHECKSUM])
        features: NDArray[Any] = np.load(path, mmap_mode='r', allow_pickle=False)
        if features.ndim != axes or len(features) != count:
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
