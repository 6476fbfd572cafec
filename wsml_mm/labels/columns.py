"""An annotation as columns: image names and sparse labels, in memory or mapped from a folder."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .files import array_error, one_line, writing
from .names import NameColumn
from .sparse import SparseLabels

# Raised whenever readers would write other columns for the same files.
_FORMAT = 1
_RECORD = 'record.json'
_ARRAYS = ('names', 'name_ends', 'indptr', 'classes', 'values')


@dataclass(frozen=True)
class LabelColumns:
    """Images of one split, their labels and what else is known of the split.

    Args:
        names: of the N images, below the image folder.
        labels: (N, C).
        metainfo: `classes`, the C names, and further facts for the dataset's metainfo, among them
            `class_ids`, how the owners call the C classes, and `groups`, names and class indices.
        folder: where the columns are mapped from; None: they are held in memory.
    """

    names: NameColumn
    labels: SparseLabels
    metainfo: dict[str, Any]
    folder: Path | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if len(self.names) != len(self.labels):
            raise ValueError(f'{len(self.names)} names for {len(self.labels)} rows of labels')
        if (count := len(self.metainfo['classes'])) != self.labels.num_classes:
            raise ValueError(f'{count} class names for {self.labels.num_classes} classes')

    def __len__(self) -> int:
        return len(self.names)

    def __reduce__(self) -> Any:
        # A spawned loader worker maps the files again; a pickle of the arrays would copy them.
        if self.folder is not None:
            return open_columns, (self.folder,)
        return LabelColumns, (self.names, self.labels, self.metainfo)

    def subset(self, indices: ArrayLike) -> LabelColumns:
        """Returns some images, in the given order, held in memory."""
        return LabelColumns(
            self.names.subset(indices), self.labels.subset(indices), dict(self.metainfo)
        )

    def select(self, classes: Sequence[str]) -> LabelColumns:
        """Returns the labels of some classes, in the given order; all images stay.

        Raises:
            ValueError: if a class is not among the split's, or named twice.
        """
        known = {name: index for index, name in enumerate(self.metainfo['classes'])}
        unknown = [name for name in classes if name not in known]
        if unknown or len(set(classes)) < len(classes):
            raise ValueError(
                f'classes={list(classes)[:5]}: {unknown[0] if unknown else "one"!r} is '
                f'{"not a class of this data set" if unknown else "named twice"}; name some of '
                f'{list(known)[:5]}, ...'
            )
        chosen = [known[name] for name in classes]
        metainfo = {**self.metainfo, 'classes': tuple(classes), **self._facts_of(chosen)}
        return LabelColumns(self.names, self.labels.select(chosen), metainfo)

    def _facts_of(self, chosen: Sequence[int]) -> dict[str, Any]:
        """Returns what the metainfo says class by class for some classes, renumbered."""
        facts: dict[str, Any] = {}
        if 'class_ids' in self.metainfo:
            facts['class_ids'] = [self.metainfo['class_ids'][index] for index in chosen]
        if 'groups' in self.metainfo:
            place = {index: new for new, index in enumerate(chosen)}
            facts['groups'] = {
                name: sorted(place[index] for index in members if index in place)
                for name, members in self.metainfo['groups'].items()
            }
        return facts

    def save(self, folder: Path, sources: Iterable[Path] = ()) -> None:
        """Writes the columns as a folder that appears whole or not at all.

        Args:
            folder: to make; one that is there is replaced.
            sources: the files they were read from, whose size and time are noted.

        Raises:
            OSError: if it cannot be written.
        """
        labels = self.labels
        arrays: tuple[NDArray[Any], ...] = (
            self.names.text,
            self.names.ends,
            labels.indptr,
            labels.classes,
            labels.values,
        )
        record = {
            'format': _FORMAT,
            'images': len(self),
            'rest': labels.rest,
            'metainfo': self.metainfo,
            'sources': _stamps(sources, folder),
        }
        with writing(folder, 'free some space, or give another data_root'):
            folder.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=f'.{folder.name}.', dir=folder.parent) as tmp:
                draft = Path(tmp, folder.name)
                draft.mkdir()
                for name, array in zip(_ARRAYS, arrays, strict=True):
                    np.save(draft / f'{name}.npy', array)
                (draft / _RECORD).write_text(json.dumps(record), encoding='utf-8')
                if folder.exists():
                    shutil.move(folder, Path(tmp, 'old'))
                draft.rename(folder)


def open_columns(folder: Path) -> LabelColumns:
    """Maps the columns of a folder: nothing is read before it is used.

    Raises:
        ValueError: if the folder is damaged.
    """
    try:
        record = json.loads((folder / _RECORD).read_text(encoding='utf-8'))
        # Plain arrays over the mapped files: slices of the memmap class are ten times slower.
        arrays = [
            np.load(folder / f'{n}.npy', mmap_mode='r', allow_pickle=False).view(np.ndarray)
            for n in _ARRAYS
        ]
        text, ends, indptr, classes, values = arrays
        if len(ends) != record['images'] or len(indptr) != record['images'] + 1:
            raise ValueError(f'{len(ends)} names of {record["images"]} images')
        if len(classes) != len(values) or (len(indptr) and indptr[-1] != len(classes)):
            raise ValueError(f'{len(classes)} labels, {len(values)} values')
        metainfo = {**record['metainfo'], 'classes': tuple(record['metainfo']['classes'])}
        labels = SparseLabels(indptr, classes, values, len(metainfo['classes']), record['rest'])
        return LabelColumns(NameColumn(text, ends), labels, metainfo, folder)
    except Exception as error:  # numpy and json raise many kinds on broken files
        raise ValueError(
            f'{folder}: these prepared labels are damaged ({array_error(error)}); delete the '
            'folder, it is made anew'
        ) from error


def prepared_columns(
    folder: Path, sources: Sequence[Path], read: Callable[[], LabelColumns]
) -> LabelColumns:
    """Returns the columns of a folder; reads the official files and writes it if needed.

    That is needed if the folder is missing, was written by an older format, or if the official
    files are there and have changed. Any number of processes may ask at once. Where the folder
    cannot be written, the columns are held in memory.

    Args:
        folder: of the prepared columns.
        sources: official files, of which some may be gone once the folder is made.
        read: parses them.
    """
    if _current(folder, sources):
        return open_columns(folder)
    from filelock import FileLock  # slow to import, seldom used

    try:
        folder.parent.mkdir(exist_ok=True)  # not its parents: a data_root that is wrong stays away
        lock = FileLock(f'{folder}.lock')
        lock.acquire()
    except OSError:  # a read-only disk, or no data at all
        return read()
    try:
        if not _current(folder, sources):
            read().save(folder, sources)
    finally:
        lock.release()
    return open_columns(folder)


def _current(folder: Path, sources: Sequence[Path]) -> bool:
    try:
        record = json.loads((folder / _RECORD).read_text(encoding='utf-8'))
        if record['format'] != _FORMAT:
            return False
        noted = record['sources']
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f'{folder / _RECORD}: is damaged ({one_line(error)}); delete the folder, it is made '
            'anew'
        ) from error
    return all(noted.get(name) in (None, stamp) for name, stamp in _stamps(sources, folder).items())


def _stamps(sources: Iterable[Path], folder: Path) -> dict[str, list[int]]:
    """Returns size and time of the files that are there, by their place as seen from a folder."""
    found = {}
    for path in sources:
        if path.is_file():
            status = path.stat()
            found[os.path.relpath(path, folder)] = [status.st_size, status.st_mtime_ns]
    return found
