"""Tables of labels in other forms than plain CSV: quoted, of indicators, and JSON Lines."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from wsml_mm.datasets.table import TableFormat, read_table

from .labels import by_csv_module, write_csv
from .rows import row
from .timing import Measured, alone, alternate


def write_quoted(path: Path, rows: int) -> Path:
    """Writes the table of `write_csv` with every cell in quotation marks."""
    plain = write_csv(path.with_name('plain.csv'), rows)
    with plain.open(newline='') as source, path.open('w', newline='') as file:
        csv.writer(file, quoting=csv.QUOTE_ALL).writerows(csv.reader(source))
    return path


def write_json_lines(path: Path, rows: int) -> Path:
    """Writes the same table as an object a line."""
    plain = write_csv(path.with_name('plain.csv'), rows)
    with plain.open(newline='') as source, path.open('w') as file:
        for line in csv.DictReader(source):
            sides = {side: line[side].split('|') for side in ('positive', 'negative')}
            file.write(json.dumps({'image': line['image'], **sides}) + '\n')
    return path


def write_indicators(path: Path, rows: int, classes: int) -> Path:
    """Writes a column a class, with 1 % of ones."""
    rng = np.random.default_rng(1)
    cells = np.full((min(rows, 1000), 2 * classes), ord(','), np.uint8)
    with path.open('wb') as file:
        file.write(','.join(['image', *(f'class{i}' for i in range(classes))]).encode() + b'\n')
        for first in range(0, rows, len(cells)):
            cells[:, 1::2] = (rng.random((len(cells), classes)) < 0.01) + ord('0')
            lines = (b'%09d.jpg' % (first + at) + line.tobytes() for at, line in enumerate(cells))
            file.write(b'\n'.join(lines) + b'\n')
    return path


def by_json_module(path: Path) -> list[tuple[str, list[int]]]:
    """What users write: a dict of classes and the json module; nothing is checked."""
    classes: dict[str, int] = {}
    with path.open() as file:
        items = map(json.loads, file)
        return [
            (
                i['image'],
                [classes.setdefault(c, len(classes)) for c in i['positive'] + i['negative']],
            )
            for i in items
        ]


def _beside(
    name: str, write: Callable[[Path, int], Path], rival: Callable[[Path], object], quick: bool
) -> Measured:
    with tempfile.TemporaryDirectory() as root:
        path = write(Path(root) / name, 300 if quick else 100_000)
        return alternate(lambda: read_table(path), lambda: rival(path), 3)


@row('tables/CSV in quotation marks', 'the csv module in a loop, unchecked', '>= 0.7')
def quoted(quick: bool) -> Measured:
    """100,000 rows of 5,000 classes."""
    return _beside('a.csv', write_quoted, by_csv_module, quick)


@row('tables/JSON Lines', 'the json module in a loop, unchecked')
def json_lines(quick: bool) -> Measured:
    """The same rows."""
    return _beside('a.jsonl', write_json_lines, by_json_module, quick)


def _read_indicators(path: str) -> dict[str, float]:
    table = read_table(Path(path), None, TableFormat(layout='indicators'))
    return {'images': len(table.columns)}


def _indicators(quick: bool, what: str) -> Measured:
    if quick not in _FOUND:
        with tempfile.TemporaryDirectory() as root:
            size = (300, 20) if quick else (100_000, 1000)
            _FOUND[quick] = alone(
                _read_indicators, str(write_indicators(Path(root) / 'a.csv', *size))
            )
    return Measured([_FOUND[quick][what]])


_FOUND: dict[bool, dict[str, float]] = {}


@row('tables/indicators 100,000 x 1,000', '', '<= 4', 's of CPU', heavy=True)
def indicator_seconds(quick: bool) -> Measured:
    """A column a class, 200 MB."""
    return _indicators(quick, 'cpu_s')


@row('tables/memory of indicators 100,000 x 1,000', '', '<= 400', 'MB', heavy=True)
def indicator_memory(quick: bool) -> Measured:
    """Its peak, beside the process itself."""
    return _indicators(quick, 'peak_mb')
