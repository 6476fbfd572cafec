"""The cells of a table as they stand, before it is known how they are to be read."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from wsml_mm.datasets.table.signs import sign

from .words import SIGNS

_DELIMITERS = (',', ';', '\t')
_ROWS = 20_000  # that are looked at


class Column:
    """A column: its cells as text.

    Args:
        name: of it.
        cells: of its rows; lists of a Parquet file are no text.
    """

    def __init__(self, name: str, cells: list[Any]) -> None:
        self.name = name
        self.lists = any(isinstance(cell, (list, tuple)) for cell in cells)
        self.cells = ['' if cell is None else str(cell).strip() for cell in cells]

    @property
    def filled(self) -> list[str]:
        """The cells that are not blank."""
        return [cell for cell in self.cells if cell]

    @property
    def is_indicator(self) -> bool:
        """Whether all cells are 1, 0, -1 or blank, and not all of them blank."""
        signs = set(map(sign, set(self.cells)))
        return not self.lists and signs <= SIGNS and bool(self.filled)

    @property
    def is_number(self) -> bool:
        """Whether all cells are numbers or blank."""
        try:
            [float(cell) for cell in set(self.filled)]
        except ValueError:
            return False
        return True


def peek(path: Path) -> Mapping[str, Column] | None:
    """Returns the columns of a CSV or Parquet file by name; None: it is another kind.

    Args:
        path: of the file.

    Raises:
        OSError: if it cannot be read.
    """
    if path.suffix.lower() == '.parquet':
        batch = next(pq.ParquetFile(path).iter_batches(_ROWS), None)
        if batch is None:
            return {}
        return {name: Column(name, batch.column(name).to_pylist()) for name in batch.schema.names}
    if path.suffix.lower() not in ('.csv', '.tsv'):
        return None
    with open(path, encoding='utf-8-sig', errors='replace', newline='') as file:
        first = file.readline()
        while first and (not first.strip() or first.lower().startswith('sep=')):
            first = file.readline()
        # Errors of the text are told of by the reader, which knows the lines.
        delimiter = max(_DELIMITERS, key=first.count)
        rows = csv.reader(file, delimiter=delimiter)
        header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter), [])]
        taken = [row for row, _ in zip(rows, range(_ROWS), strict=False)]
    taken = [row for row in taken if len(row) == len(header)]
    return {
        name: Column(name, [row[place] for row in taken])
        for place, name in enumerate(header)
        if header.count(name) == 1
    }
