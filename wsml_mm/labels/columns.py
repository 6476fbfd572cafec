"""An annotation as columns: image names and sparse labels, in memory or mapped from a folder."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checksums import check_seal, checksum, seal, verify
from .drafts import draft_prefix, forget_drafts
from .files import array_error, one_line, write_durably, writing
from .names import NameColumn
from .sources import Noted, differing, note, read_noting, still
from .sparse import SparseLabels

# Raised whenever readers would write other columns for the same files.
_FORMAT = 2
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
        checksums: of the mapped files.
    """

    names: NameColumn
    labels: SparseLabels
    metainfo: dict[str, Any]
    folder: Path | None = field(default=None, compare=False)
    checksums: tuple[str, ...] = field(default=(), compare=False)

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
            return open_columns, (self.folder, self.checksums)
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

    def save(self, folder: Path, sources: Iterable[Path] = (), noted: Noted | None = None) -> None:
        """Writes the columns as a folder that appears whole or not at all.

        Args:
            folder: to make; one that is there is replaced.
            sources: the files they were read from, which are noted.
            noted: what was noted of them before they were read; None: they are as they were.

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
            'sources': note(sources, folder) if noted is None else noted,
        }
        with writing(folder, 'free some space, or give another data_root'):
            folder.parent.mkdir(parents=True, exist_ok=True)
            forget_drafts(folder)
            with tempfile.TemporaryDirectory(prefix=draft_prefix(folder), dir=folder.parent) as tmp:
                draft = Path(tmp, folder.name)
                draft.mkdir()
                for name, array in zip(_ARRAYS, arrays, strict=True):
                    np.save(draft / f'{name}.npy', array)
                sums = {name: checksum(draft / f'{name}.npy') for name in _ARRAYS}
                text = seal({**record, 'checksums': sums})
                (draft / _RECORD).write_text(text, encoding='utf-8')
                if folder.exists():
                    shutil.move(folder, Path(tmp, 'old'))
                draft.rename(folder)


def open_columns(folder: Path, sent: tuple[str, ...] | None = None) -> LabelColumns:
    """Maps the columns of a folder, whose checksums are compared once a process.

    Args:
        folder: of the columns.
        sent: the checksums of the columns that another process has opened, which has compared
            them; None: they are compared here.

    Raises:
        ValueError: if the folder is damaged, or no longer holds what was sent.
    """
    try:
        record = check_seal(json.loads((folder / _RECORD).read_text(encoding='utf-8')))
        sums = tuple(record['checksums'][name] for name in _ARRAYS)
        if sent is None:
            for name, expected in zip(_ARRAYS, sums, strict=True):
                verify(folder / f'{name}.npy', expected)
        columns = _map_columns(folder, record, sums)
    except Exception as error:  # numpy and json raise many kinds on broken files
        raise ValueError(
            f'{folder}: these prepared labels are damaged ({array_error(error)}); delete the '
            'folder, it is made anew'
        ) from error
    if sent not in (None, sums):
        raise ValueError(
            f'{folder}: the labels were prepared anew while another process used them; start again'
        )
    return columns


def _map_columns(folder: Path, record: dict[str, Any], sums: tuple[str, ...]) -> LabelColumns:
    # Plain arrays over the mapped files: slices of the memmap class are ten times slower.
    text, ends, indptr, classes, values = (
        np.load(folder / f'{n}.npy', mmap_mode='r', allow_pickle=False).view(np.ndarray)
        for n in _ARRAYS
    )
    if len(ends) != record['images'] or len(indptr) != record['images'] + 1:
        raise ValueError(f'{len(ends)} names of {record["images"]} images')
    if len(classes) != len(values) or (len(indptr) and indptr[-1] != len(classes)):
        raise ValueError(f'{len(classes)} labels, {len(values)} values')
    metainfo = {**record['metainfo'], 'classes': tuple(record['metainfo']['classes'])}
    labels = SparseLabels(indptr, classes, values, len(metainfo['classes']), record['rest'])
    return LabelColumns(NameColumn(text, ends), labels, metainfo, folder, sums)


def prepared_columns(
    folder: Path, sources: Sequence[Path], read: Callable[[], LabelColumns]
) -> LabelColumns:
    """Returns the columns of a folder; reads the official files and writes it if needed.

    That is needed if the folder is missing, was written by an older format, or if the official
    files are there and hold something else. They are read again for that where their size or time
    has changed; a change that keeps both is found by `changed_sources`. Any number of processes
    may ask at once. Where the folder cannot be written, the columns are held in memory.

    Args:
        folder: of the prepared columns.
        sources: official files, of which some may be gone once the folder is made.
        read: parses them.

    Raises:
        ValueError: if the folder is damaged, or an official file is being written.
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
            columns, noted = read_noting(sources, folder, read)
            columns.save(folder, sources, noted)
    finally:
        lock.release()
    return open_columns(folder)


def changed_sources(folder: Path) -> list[Path] | None:
    """Reads kept columns and the files they were read from whole, whatever the stamps say.

    Args:
        folder: of the prepared columns.

    Returns:
        The files that hold something else by now; None: there are no columns.

    Raises:
        ValueError: if the folder is damaged.
    """
    record = _read_record(folder)
    if record is None:
        return None
    open_columns(folder)
    return differing(record['sources'], folder)


def _current(folder: Path, sources: Sequence[Path]) -> bool:
    record = _read_record(folder)
    if record is None:
        return False
    now = still(record['sources'], sources, folder)
    if now is not None and now != record['sources']:
        _note_anew(folder, record, now)
    return now is not None


def _note_anew(folder: Path, record: dict[str, Any], now: Noted) -> None:
    """Keeps the stamps of files that were only touched, where that can be written."""
    from filelock import FileLock, Timeout  # slow to import, seldom used

    with contextlib.suppress(OSError, Timeout), FileLock(f'{folder}.lock', timeout=0):
        if _read_record(folder) == record:
            write_durably(folder / _RECORD, seal({**record, 'sources': now}).encode())


def _read_record(folder: Path) -> dict[str, Any] | None:
    """Returns the record of a folder of columns; None: there is none of this format."""
    try:
        content = json.loads((folder / _RECORD).read_text(encoding='utf-8'))
        return check_seal(content) if content['format'] == _FORMAT else None
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{folder / _RECORD}: is damaged ({one_line(error)}); delete the folder, it is made '
            'anew'
        ) from error
