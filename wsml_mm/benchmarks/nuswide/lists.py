"""The files of NUS-WIDE's two versions as columns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import is_plain_name, lies_below, load_array, numbered_lines
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

_LISTS = (
    'data_root must hold ImageList and TrainTestLabels (unpack ImageList.zip and Groundtruth.zip '
    'there)'
)
_FORMATTED = "take the files of Cole et al. (formatted_*.npy), or use version='official'"


def label_folder(root: Path) -> Path:
    """Returns the folder of the owners' label files, which not everybody unpacks to one place."""
    nested = root / 'Groundtruth' / 'TrainTestLabels'
    return nested if nested.is_dir() else root / 'TrainTestLabels'


def concept_file(root: Path) -> Path | None:
    """Returns the owners' list of concepts; None if it is not there."""
    places = (root / 'Concepts81.txt', root / 'ConceptsList' / 'Concepts81.txt')
    return next((place for place in places if place.is_file()), None)


def read_concepts(root: Path) -> tuple[str, ...] | None:
    """Returns the owners' list of concepts in its order; None if it is not there.

    Raises:
        ValueError: if a concept is listed twice or is not part of a file name.
    """
    path = concept_file(root)
    if path is None:
        return None
    concepts: dict[str, int] = {}
    for number, name in numbered_lines(path, 'file', ''):
        if name in concepts or not is_plain_name(name):
            what = 'is listed twice' if name in concepts else 'is not a name of a concept'
            raise ValueError(f'{path}:{number}: {name!r} {what}; take the file of ConceptsList.zip')
        concepts[name] = number
    return tuple(concepts)


def read_formatted(images: Path, labels: Path, classes: Sequence[str]) -> LabelColumns:
    """Reads the fixed arrays of Cole et al.

    Args:
        images: `.npy` file of N names below the image folder, never unpickled.
        labels: `.npy` file of an (N, C) matrix of {1, 0}, never unpickled.
        classes: the C names.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if one is not of that form, a name is outside the image folder, or an image is
            listed twice with other labels.
    """
    for path in (images, labels):
        if not path.is_file():
            raise FileNotFoundError(f'{path}: no such file; {_FORMATTED}')
    texts = load_array(images, 'US', _FORMATTED)
    matrix = load_array(labels, 'biuf', _FORMATTED, mapped=True)
    expected = (len(texts) if texts.ndim == 1 else -1, len(classes))
    if matrix.shape != expected:
        raise ValueError(
            f'{labels}: holds {matrix.shape} labels, but {images.name} and the class list ask for '
            f'{expected}; {_FORMATTED}'
        )
    rows, columns = np.nonzero(matrix)
    if len(bad := np.flatnonzero(matrix[rows, columns] != 1)):
        row, column = rows[bad[0]], columns[bad[0]]
        raise ValueError(
            f'{labels}: row {row}, column {column}: {matrix[row, column]} is neither 1 nor 0; take '
            'the full labels (observed ones are for ObservationFile)'
        )
    if texts.dtype.kind == 'S':
        texts = np.char.decode(texts, 'utf-8')
    names = [_name(text, f'{images}: entry {n}') for n, text in enumerate(texts.tolist())]
    return _columns(names, rows, columns, classes, images)


def read_lists(images: Path, labels: Sequence[Path], classes: Sequence[str]) -> LabelColumns:
    """Reads the owners' lists.

    Args:
        images: text file of N names below the image folder, with backslashes.
        labels: C text files of N lines of 1 or 0, one a class.
        classes: the C names.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is not of that form, a file has another number of lines, a name
            is outside the image folder, or an image is listed twice with other labels.
    """
    from rich.progress import track

    names = [
        _name(line, f'{images}:{number}')
        for number, line in numbered_lines(images, 'list of images', _LISTS)
    ]
    rows = []
    for path in track(labels, f'reading {len(labels)} files of labels', transient=True):
        rows.append(np.flatnonzero(_read_flags(path, len(names), images.name)))
    counts = [len(found) for found in rows]
    return _columns(
        names,
        np.concatenate([np.zeros(0, np.int64), *rows]),
        np.repeat(np.arange(len(labels)), counts),
        classes,
        images,
    )


def _read_flags(path: Path, count: int, among: str) -> NDArray[np.bool_]:
    """Returns the 1s of a file of `count` lines of 1 or 0."""
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file of labels; {_LISTS}')
    flags = np.array(path.read_bytes().split())
    if not ((flags == b'0') | (flags == b'1')).all():
        for number, line in numbered_lines(path, 'file of labels', _LISTS):
            if line not in ('0', '1'):
                raise ValueError(
                    f'{path}:{number}: {line!r} is neither 1 nor 0; take the file of '
                    'Groundtruth.zip, or correct that line'
                )
    if len(flags) != count:
        raise ValueError(
            f'{path}: holds {len(flags)} labels, but {among} lists {count} images; take both as '
            'the owners distribute them'
        )
    positive: NDArray[np.bool_] = flags == b'1'
    return positive


def _name(text: str, where: str) -> str:
    """Returns the name of an image below the image folder."""
    name = text.replace('\\', '/').removeprefix('Flickr/')
    if not name or not lies_below(name, []):
        raise ValueError(
            f'{where}: {text!r} is outside the image folder; name a file below Flickr, e.g. '
            'actor/0001_2124494179.jpg'
        )
    return name


def _columns(
    names: Sequence[str],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    classes: Sequence[str],
    source: Path,
) -> LabelColumns:
    labels = SparseLabels.from_pairs(rows, columns, 1, (len(names), len(classes)))
    first: dict[str, int] = {}
    for row, name in enumerate(names):
        earlier = first.setdefault(name, row)
        if earlier != row and not np.array_equal(labels.row(earlier), labels.row(row)):
            raise ValueError(
                f'{source}: image {name} is listed twice with different labels (entries {earlier} '
                f'and {row}, counted from 0); take the files as they are distributed'
            )
    return LabelColumns(NameColumn.from_names(names), labels, {'classes': tuple(classes)})
