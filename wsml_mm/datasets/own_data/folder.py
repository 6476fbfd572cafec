"""A folder of one's own data: which tables it has, and what they and their images are."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsml_mm.datasets.image_folders import missing_images
from wsml_mm.datasets.table import (
    ColumnNames,
    ProblemLog,
    Table,
    TableFormat,
    is_voc,
    read_class_file,
    read_table,
)
from wsml_mm.labels.files import TABLE_SUFFIXES

from .guess import guess_options
from .image_places import ImagePlaces, Match, only_match, visible_files
from .peek import peek
from .words import CLASS_FILES, role_of

ROLES = ('train', 'val', 'test')


@dataclass(frozen=True)
class FoundTable:
    """A table and how it is read.

    Args:
        path: of the file, or of a folder of VOC XML.
        options: of `LabelTable`, without those of files and classes.
        images: the folder of its images, as `data_prefix` has it: below the root.
        classes: found in it, or those given.
        rows: N, its images.
        counts: of its labels, 'positive', 'negative' and 'unobserved'.
        notes: what it and its cells were taken for, a line each.
    """

    path: Path
    options: dict[str, Any]
    images: str
    classes: tuple[str, ...]
    rows: int
    counts: dict[str, int]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class OwnData:
    """A folder of data.

    Args:
        root: the folder.
        tables: by role: 'train', and 'val' and 'test' where there are such.
        classes: their names in order.
        class_file: that they were read from; None: from the training's table.
    """

    root: Path
    tables: dict[str, FoundTable]
    classes: tuple[str, ...]
    class_file: Path | None


def look_at(
    root: Path,
    tables: Mapping[str, Path] | None = None,
    images: Path | None = None,
    class_file: Path | None = None,
    given: Mapping[str, Any] | None = None,
) -> OwnData:
    """Finds out what a folder holds.

    Args:
        root: the folder.
        tables: by role; none: those found.
        images: their folder; None: found by the names in the tables.
        class_file: of class names; None: classes.txt or the like, or else the labels found.
        given: options of `LabelTable` that are said already.

    Raises:
        FileNotFoundError: if there is no such folder or file.
        ValueError: if something may be read in two ways, or a table has an error.
    """
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: no such folder; name the one of your images and tables')
    found = dict(tables or {}) or find_tables(root)
    class_file = class_file or next((p for n in CLASS_FILES if (p := root / n).is_file()), None)
    log = ProblemLog(command=True)
    classes = None if class_file is None else read_class_file(class_file, log)
    _refuse_first(log)
    places = ImagePlaces(root if images is None else images)
    if not places.count:
        raise ValueError(f'{places.root}: holds no image; put them there, or say --images')
    read: dict[str, FoundTable] = {}
    for role in (role for role in ROLES if role in found):
        prefix = '' if images is None else os.path.relpath(images, root)
        read[role] = _look_at_table(found[role], places, prefix, classes, dict(given or {}))
        classes = read[role].classes  # of the training's, for all
    return OwnData(root, read, tuple(classes or ()), class_file)


def find_tables(root: Path) -> dict[str, Path]:
    """Returns the tables of a folder by role.

    A single table is to train on, whatever its name; of several, a word in the name of the file or
    of its folder tells.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if two may have a role, or none is to train on.
    """
    tables = [path for path in visible_files(root) if path.suffix.lower() in TABLE_SUFFIXES]
    tables = tables or _voc(root)
    if not tables:
        kinds = ', '.join(TABLE_SUFFIXES)
        raise FileNotFoundError(
            f'{root}: holds no table of labels ({kinds}, or VOC XML); name one by --train'
        )
    if len(tables) == 1:
        return {'train': tables[0]}
    found: dict[str, list[Path]] = {role: [] for role in ROLES}
    for path in tables:
        role = role_of(path.stem) or role_of(path.parent.relative_to(root).as_posix())
        if role:
            found[role].append(path)
    for role, some in found.items():
        if len(some) > 1 or (role == 'train' and not some):
            shown = ', '.join(str(path.relative_to(root)) for path in (some or tables)[:4])
            option = shlex.quote(str((some or tables)[0]))
            raise ValueError(
                f'{root}: which table is that of {role}, of {shown}? say --{role} {option}'
            )
    return {role: some[0] for role, some in found.items() if some}


def _voc(root: Path) -> list[Path]:
    """Returns the lists of a VOC devkit, or the folder of its XML files."""
    lists = root / 'ImageSets' / 'Main'
    if (root / 'Annotations').is_dir():
        names = [path for path in sorted(lists.glob('*.txt')) if path.stem in ROLES]
        return names or [root / 'Annotations']
    folders = {path.parent for path in visible_files(root) if path.suffix.lower() == '.xml'}
    return [Path(os.path.commonpath(folders))] if folders else []


def _look_at_table(
    path: Path,
    places: ImagePlaces,
    prefix: str,
    classes: tuple[str, ...] | None,
    given: dict[str, Any],
) -> FoundTable:
    columns = None if is_voc(path) else peek(path)
    if columns is None:
        options, match = given, _match_of(path, places, classes, given)
    else:
        options, names = guess_options(str(path), columns, places, classes, given)
        match = only_match(places.votes(names, _kinds(given)), str(path))
    options = {**options, **_name_options(match, options)}
    table = _read(path, classes, options)
    folder = os.path.normpath(os.path.join(prefix, match.folder))
    _refuse_missing(table, places.root / match.folder)
    counts = table.columns.labels.counts()
    says = counts['negative'] > 0 if columns is None else _negative_column(options) in columns
    _refuse_unclear(path, options, says)
    return FoundTable(
        path,
        options,
        '' if folder == '.' else folder,
        tuple(table.columns.metainfo['classes']),
        len(table.columns),
        counts,
        tuple(table.notes),
    )


def _kinds(given: Mapping[str, Any]) -> tuple[str, ...]:
    return (given['image_names'],) if 'image_names' in given else ('path', 'file', 'original')


def _name_options(match: Match, options: Mapping[str, Any]) -> dict[str, str]:
    found = dict(suffix=match.suffix, image_names=match.image_names)
    usual = dict(suffix='', image_names='path')
    return {k: v for k, v in found.items() if v != usual[k] and k not in options}


def _match_of(
    path: Path, places: ImagePlaces, classes: tuple[str, ...] | None, given: dict[str, Any]
) -> Match:
    """Returns how the names in a file of JSON or XML become files."""
    names: list[str] = []
    for kind in _kinds(given):
        # Errors are told of once it is known how to read the names.
        layout = _format({**given, 'image_names': kind})
        names = list(read_table(path, classes, layout, lambda problem: None).columns.names)
        if votes := places.votes(names, ('path',)):
            return only_match(votes, str(path))._replace(image_names=kind)
    if not names:
        _read(path, classes, given)  # says why
    raise ValueError(
        f'{path}: none of its images is below {places.root}, e.g. {names[0]!r}; put them there, or '
        'say where they are by --images'
    )


def _format(options: Mapping[str, Any]) -> TableFormat:
    columns = ColumnNames.of(options.get('columns'))
    return TableFormat(**{**options, 'columns': columns})


def _read(path: Path, classes: tuple[str, ...] | None, options: Mapping[str, Any]) -> Table:
    log = ProblemLog(command=True)
    table = read_table(path, classes, _format(options), log)
    _refuse_first(log)
    return table


def _refuse_first(log: ProblemLog) -> None:
    """Refuses the first serious problem, and says how many there are.

    Raises:
        ValueError: if there is one.
    """
    serious = [some[0] for some in log.kept.values() if some[0].serious]
    if serious:
        more = f' ({log.serious - 1:,} more; check-dataset tells all)' if log.serious > 1 else ''
        raise ValueError(f'{serious[0]}{more}')


def _refuse_missing(table: Table, folder: Path) -> None:
    names = list(table.columns.names)
    if missing := missing_images(str(folder), names):
        raise ValueError(
            f'{table.path}: {len(missing):,} of {len(names):,} images are not below {folder}, e.g. '
            f'{missing[0]!r}; add them, or remove their rows (check-dataset lists all)'
        )


def _negative_column(options: Mapping[str, Any]) -> str:
    """Returns the column of known negatives: a table with it, even empty, leaves the rest open."""
    name: str = (options.get('columns') or {}).get('negative', 'negative')
    return name


def _refuse_unclear(path: Path, options: Mapping[str, Any], says: bool) -> None:
    """Refuses a table of which only its owner knows what an unlisted label is."""
    listed = options.get('layout', 'lists') == 'lists' and 'unlisted' not in options
    if listed and not (says and not options.get('nothing')):
        raise ValueError(
            f'{path}: lists the labels that are present; of the others only you know: say '
            '--unlisted negative if every image is annotated fully, or --unlisted unobserved'
        )
