"""The text tables of CUB-200-2011: ids and names, and one line a label."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.files import numbered_lines

_LAYOUT = 'data_root must hold CUB_200_2011 and attributes.txt (unpack CUB_200_2011.tgz there)'
_HINT = 'take the file of CUB_200_2011.tgz, or correct that line'


def read_id_table(path: Path) -> dict[int, str]:
    """Reads a file of "ID TEXT" lines.

    Args:
        path: of images.txt, train_test_split.txt or attributes.txt of CUB-200-2011.

    Returns:
        The texts in the order of their ids.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is not of that format, an id is given twice, or there is no line.
    """
    found: dict[int, str] = {}
    for number, line in numbered_lines(path, 'file', _LAYOUT):
        fields = line.split()
        if len(fields) != 2 or not _is_number(fields[0]):
            raise ValueError(f'{path}:{number}: {line!r} is not "ID TEXT"; {_HINT}')
        if int(fields[0]) in found:
            raise ValueError(f'{path}:{number}: id {fields[0]} is given twice; {_HINT}')
        found[int(fields[0])] = fields[1]
    if not found:
        raise ValueError(f'{path}: is empty; take the file of CUB_200_2011.tgz')
    return dict(sorted(found.items()))


def read_attribute_labels(
    path: Path, images: Sequence[int], attributes: Sequence[int]
) -> NDArray[np.int8]:
    """Reads `is_present` of each image and attribute from lines in any order.

    Args:
        path: of image_attribute_labels.txt: "IMAGE ATTRIBUTE PRESENT CERTAINTY SECONDS" lines,
            some of which carry further columns.
        images: ascending ids of the N images.
        attributes: ascending ids of the C attributes.

    Returns:
        (N, C) of {1, 0}.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if a line is not of that format, names an unknown id or gives a label twice, or
            a label is missing.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; {_LAYOUT}')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', UserWarning)  # of an empty file
            table = np.loadtxt(
                path, np.int32, comments=None, usecols=(0, 1, 2), ndmin=2, encoding='utf-8'
            )
    except ValueError as error:
        raise _bad_line(path, images, attributes) from error
    places = [_places(table[:, column], ids) for column, ids in enumerate((images, attributes))]
    if (places[0] < 0).any() or (places[1] < 0).any() or (table[:, 2] & ~1).any():
        raise _bad_line(path, images, attributes)
    present = np.full((len(images), len(attributes)), -1, np.int8)
    present[places[0], places[1]] = table[:, 2]
    if len(table) > (present >= 0).sum():
        raise _bad_line(path, images, attributes)
    if (present < 0).any():
        row, column = np.argwhere(present < 0)[0]
        raise ValueError(
            f'{path}: has no label of image {images[row]}, attribute {attributes[column]} '
            f'({int((present < 0).sum())} are missing); take the file of CUB_200_2011.tgz'
        )
    return present


def _places(numbers: NDArray[np.int32], ids: Sequence[int]) -> NDArray[np.int64]:
    """Returns where in the ascending `ids` each number stands, -1 where it does not."""
    known = np.asarray(ids, np.int64)
    places = np.searchsorted(known, numbers).clip(max=len(known) - 1)
    return np.where(known[places] == numbers, places, -1)


def _bad_line(path: Path, images: Sequence[int], attributes: Sequence[int]) -> ValueError:
    """Returns what is wrong with the first bad line: found only where there is one."""
    seen: set[tuple[int, int]] = set()
    known = (('image', set(images)), ('attribute', set(attributes)), ('is_present', {0, 1}))
    for number, line in numbered_lines(path, 'file', _LAYOUT):
        fields = line.split()[:3]
        where = f'{path}:{number}: {line!r}'
        if len(fields) < 3 or not all(map(_is_number, fields)):
            return ValueError(f'{where} is not "IMAGE ATTRIBUTE PRESENT ..."; {_HINT}')
        for (what, ids), field in zip(known, fields, strict=True):
            if int(field) not in ids:
                return ValueError(f'{where}: there is no {what} {field}; {_HINT}')
        key = (int(fields[0]), int(fields[1]))
        if key in seen:
            return ValueError(f'{where}: this label is given twice; {_HINT}')
        seen.add(key)
    return ValueError(f'{path}: is not a text of numbers; take the file of CUB_200_2011.tgz')


def _is_number(field: str) -> bool:
    return field.isdecimal() and len(field) < 10
