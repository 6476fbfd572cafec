"""Tables of labels as CSV: a header, one row an image, several labels in one cell.

The CSV readers of pyarrow and polars accept broken quotation marks or lose the line numbers. So
lines without quotation marks are split here, thousands at a time, and the rest by Python's `csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .classes import not_utf8
from .layout import Batch, ColumnNames
from .problem import RowError, RowErrors

# Spreadsheets write what the country's decimal comma leaves free.
_DELIMITERS = (',', ';', '\t')
_BLOCK = 1 << 23  # bytes looked at together


def read_csv(path: Path, names: ColumnNames, errors: RowErrors) -> Iterator[Batch]:
    """Reads a CSV file a batch of rows at a time.

    UTF-8 with or without a byte-order mark; cells are separated by comma, semicolon or tab,
    whichever makes `names.image` a column of the header. Empty lines are passed over.

    Args:
        path: of the file.
        names: of its columns; further columns are not read.
        errors: takes those of lines that are no rows.
    """
    lines = _Lines(path)
    at = next((at for at in range(len(lines)) if lines[at].strip()), 0)
    form = _Form(_delimiter(lines[at] if len(lines) else '', names.image))
    header: list[str] = []
    while at < len(lines) and not header:
        row, at = _quoted_row(lines, at, form, errors)
        header = [name.strip() for name in row]
    if error := names.error_in(header):
        errors.add(max(at, 1), error)
        return
    used = [header.index(name) if name in header else None for name in names]
    form = form._replace(width=len(header), used=used)
    while at < len(lines):
        last = max(at + 1, int(np.searchsorted(lines.starts, lines.starts[at] + _BLOCK)) - 1)
        batch, at = _batch(lines, at, min(last, len(lines)), form, errors)
        yield batch


class _Form(NamedTuple):
    """How lines are split.

    Args:
        delimiter: between cells.
        width: cells of a row; 0: any number.
        used: the places of the columns of `ColumnNames`; None: there is no such column.
    """

    delimiter: str
    width: int = 0
    used: Sequence[int | None] = ()


class _Lines:
    """The lines of a file that is mapped, not held: as text one by one, or many as an array."""

    def __init__(self, path: Path) -> None:
        size = path.stat().st_size
        data = np.memmap(path, np.uint8, 'r') if size else np.zeros(0, np.uint8)
        blocks = range(0, size, _BLOCK)
        ends = [np.flatnonzero(data[at : at + _BLOCK] == ord('\n')) + at + 1 for at in blocks]
        self.starts = np.unique(np.concatenate([[0], *ends, [size]]))
        self.data = data.data
        if bytes(self.data[:3]) == b'\xef\xbb\xbf':
            self.starts[0] = 3

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, at: int) -> str:
        return self._bytes(at, at + 1).decode('utf-8', errors='backslashreplace')

    def _bytes(self, first: int, last: int) -> bytes:
        return self.data[self.starts[first] : self.starts[last]].tobytes()

    def array(self, first: int, last: int, errors: RowErrors) -> pa.Array:
        """Returns lines without their ends; those that are not UTF-8 are errors."""
        text = self._bytes(first, last)
        try:
            text.decode()
        except UnicodeDecodeError:
            for at in range(first, last):
                self.check(at, errors)
            lines = pa.array([self[at] for at in range(first, last)], pa.string())
        else:
            offsets = (self.starts[first : last + 1] - self.starts[first]).astype(np.int32)
            buffers = pa.py_buffer(offsets), pa.py_buffer(text)
            lines = pa.StringArray.from_buffers(last - first, *buffers)
        return pc.utf8_rtrim(lines, '\r\n')

    def check(self, at: int, errors: RowErrors) -> None:
        """Notes an error if a line is not UTF-8."""
        try:
            self._bytes(at, at + 1).decode()
        except UnicodeDecodeError as error:
            what = not_utf8(error)
            errors.add(at + 1, what._replace(fix=f'{what.fix} (in Excel: "CSV UTF-8")'))


def _batch(
    lines: _Lines, first: int, last: int, form: _Form, errors: RowErrors
) -> tuple[Batch, int]:
    """Returns the rows that begin on some lines, and the line of the next row."""
    text = lines.array(first, last, errors)
    special = pc.match_substring_regex(text, '["\r]').to_numpy(zero_copy_only=False)
    plain = ~special & pc.not_equal(text, '').to_numpy(zero_copy_only=False)
    quoted: dict[int, list[str]] = {}
    end = first
    for at in map(int, np.flatnonzero(special) + first):
        if at >= end:
            row, end = _quoted_row(lines, at, form, errors)
            plain[at + 1 - first : end - first] = False
            if row:
                quoted[at] = row
    for at in range(last, end):
        lines.check(at, errors)
    cells = pc.split_pattern(text.filter(pa.array(plain)), form.delimiter)
    places, found = np.flatnonzero(plain) + first, pc.list_value_length(cells).to_numpy()
    for wrong in np.flatnonzero(found != form.width):
        name = cells[wrong][0].as_py().strip()
        errors.add(int(places[wrong]) + 1, _miscounted(int(found[wrong]), form.width), name)
    right = found == form.width
    cells = cells.filter(pa.array(right))
    places = np.concatenate([places[right], np.array([*quoted], np.int64)])
    order = np.argsort(places)
    columns = []
    for index in form.used:
        column = pa.repeat('', len(places))
        if index is not None:
            column = pc.list_element(cells, index)
        if index is not None and quoted:
            more = pa.array([row[index] for row in quoted.values()], pa.string())
            column = pa.concat_arrays([column, more]).take(pa.array(order))
        columns.append(column)
    return Batch(places[order] + 1, *columns), max(last, end)


def _quoted_row(lines: _Lines, at: int, form: _Form, errors: RowErrors) -> tuple[list[str], int]:
    """Returns the cells of the row that begins on a line, and the line of the next row.

    A row that is refused costs its first line only: a quotation mark that is never closed would
    otherwise swallow the rows below it.
    """
    rest = map(lines.__getitem__, range(at, len(lines)))
    reader = csv.reader(rest, delimiter=form.delimiter, strict=True)
    try:
        row = next(reader)
    except csv.Error as error:
        fix = 'close its quotation marks; one inside a cell is written twice'
        errors.add(at + 1, RowError('broken row', f'the row cannot be read ({error})', fix))
        return [], at + 1
    if row and form.width and len(row) != form.width:
        errors.add(at + 1, _miscounted(len(row), form.width), row[0].strip())
        return [], at + 1
    return row, at + reader.line_num


def _delimiter(header: str, image: str) -> str:
    for delimiter in _DELIMITERS:
        if image in [cell.strip(' "\r\n') for cell in header.split(delimiter)]:
            return delimiter
    return ','


def _miscounted(found: int, due: int) -> RowError:
    fix = 'write an empty cell for no labels'
    if found > due:
        fix = 'put a cell that holds the delimiter in quotation marks'
    return RowError('wrong number of cells', f'{found} cells where the header has {due}', fix)
