"""Boxes of an OpenImages CSV file, in shares of width and height."""

from __future__ import annotations

import csv
import os
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mmpretrain.registry import TASK_UTILS

from wsml_mm.labels.files import one_line

from .table import BoxTable

# X before Y, unlike the corners of every other format.
_EDGES = ('XMin', 'XMax', 'YMin', 'YMax')
_COLUMNS = ('ImageID', 'LabelName', *_EDGES)


@TASK_UTILS.register_module()
class OpenImagesBoxes:
    """Boxes of OpenImages, such as test-annotations-bbox.csv.

    Args:
        csv_file: with the columns ImageID, LabelName, XMin, XMax, YMin, YMax in any order.
        descriptions: `class-descriptions*.csv` (label, name) where the dataset's classes are names
            ('Cat'); None: they are labels ('/m/01yrx').
        groups: keep the boxes around groups of objects (IsGroupOf).

    Config:
        boxes = dict(type='OpenImagesBoxes', csv_file='test-annotations-bbox.csv', groups=False)
    """

    def __init__(
        self,
        csv_file: str | os.PathLike[str],
        descriptions: str | os.PathLike[str] | None = None,
        groups: bool = True,
    ) -> None:
        self.csv_file, self.descriptions, self.groups = csv_file, descriptions, groups

    def __call__(self, classes: Sequence[str]) -> BoxTable:
        """Reads the boxes of these classes."""
        return read_openimages_boxes(self.csv_file, classes, self.descriptions, self.groups)


def read_openimages_boxes(
    csv_file: str | os.PathLike[str],
    classes: Sequence[str],
    descriptions: str | os.PathLike[str] | None = None,
    groups: bool = True,
) -> BoxTable:
    """Reads the boxes of the given classes; other labels are left out.

    An image without any box is not listed there, so the table is not `complete`.

    Args:
        csv_file: the boxes.
        classes: in the order of the class indices.
        descriptions: see `OpenImagesBoxes`.
        groups: see `OpenImagesBoxes`.

    Raises:
        FileNotFoundError: if a file is missing.
        ValueError: if a column is missing, a line is damaged, or there is no box of the classes.
    """
    labels = {name: index for index, name in enumerate(classes)}
    if descriptions is not None:
        labels = _by_label(descriptions, labels)
    path = os.path.expanduser(csv_file)
    # Typed arrays: in a list, a million boxes would be an object for every number.
    image, label, corners = array('q'), array('i'), array('f')
    keys: dict[str, int] = {}
    with _lines(path) as lines:
        place = _places(next(lines, []), path, groups)
        for line in lines:
            if not line:
                continue
            box = _corners(line, place, f'{path}:{lines.line_num}')
            index = labels.get(line[place['LabelName']])
            if index is None or (not groups and line[place['IsGroupOf']] == '1'):
                continue
            corners.extend(box)
            image.append(keys.setdefault(line[place['ImageID']], len(keys)))
            label.append(index)
    return BoxTable.from_columns(list(keys), image, label, corners, path, True, complete=False)


@contextmanager
def _lines(path: str) -> Iterator[Any]:
    try:
        with open(path, newline='', encoding='utf-8-sig') as file:
            yield csv.reader(file)
    except FileNotFoundError as error:
        raise FileNotFoundError(f'{path}: no such file; give the CSV of OpenImages') from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f'{path}: is not a CSV file ({one_line(error)}); fetch it anew') from error


def _places(header: Sequence[str], path: str, groups: bool) -> dict[str, int]:
    place = {name: number for number, name in enumerate(header)}
    for name in _COLUMNS if groups else (*_COLUMNS, 'IsGroupOf'):
        if name not in place:
            raise ValueError(
                f'{path}: lacks the column {name}; a box file of OpenImages has '
                f'{",".join(_COLUMNS)}'
            )
    return place


def _corners(line: Sequence[str], place: dict[str, int], where: str) -> list[float]:
    """Returns XMin, YMin, XMax, YMax of a line."""
    try:
        if len(line) != len(place):
            raise ValueError(f'{len(line)} values for {len(place)} columns')
        left, right, top, bottom = (float(line[place[edge]]) for edge in _EDGES)
        if not (0 <= left <= right <= 1 and 0 <= top <= bottom <= 1):
            raise ValueError(f'X {left} to {right}, Y {top} to {bottom}, 0 <= min <= max <= 1 due')
    except ValueError as error:
        raise ValueError(
            f'{where}: damaged line ({one_line(error)}); correct or remove it'
        ) from error
    return [left, top, right, bottom]


def _by_label(path: str | os.PathLike[str], names: dict[str, int]) -> dict[str, int]:
    with _lines(os.path.expanduser(path)) as lines:
        pairs = [line for line in lines if line]
    bad = next((line for line in pairs if len(line) != 2), None)
    if bad is not None:
        raise ValueError(
            f'{path}: {",".join(bad)!r} is not a "label,name"; give class-descriptions*.csv'
        )
    # `OpenImagesV3` adds the label to the names that several classes have.
    written = {label: (name, f'{name} ({label})') for label, name in pairs}
    return {label: names[n] for label, both in written.items() for n in both if n in names}
