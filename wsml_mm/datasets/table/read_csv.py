"""Tables of labels as CSV: a header, one row an image, several labels in one cell.

The CSV readers of pyarrow and polars accept broken quotation marks or lose the line numbers. So
lines without quotation marks are split here, thousands at a time, and the rest by Python's `csv`.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8
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
    lines = path.read_bytes().removeprefix(BOM_UTF8).split(b'\n')
    at = next((at for at, line in enumerate(lines) if line.strip()), 0)
    form, header = _Form(_delimiter(_text(lines[at]), names.image)), list[str]()
    while at < len(lines) and not header:
        row, at = _quoted_row(lines, at, form, errors)
        header = [name.strip() for name in row]
    if error := names.error_in(header):
        errors.add(at if header else 1, error)
        return
    used = [header.index(name) if name in header else None for name in names]
    form = form._replace(width=len(header), used=used)
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)))
    while at < len(lines):
        last = max(at + 1, int(np.searchsorted(ends, ends[at] + _BLOCK)))
        batch, at = _batch(lines, at, last, form, errors)
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


def _batch(
    lines: list[bytes], first: int, last: int, form: _Form, errors: RowErrors
) -> tuple[Batch, int]:
    """Returns the rows that begin on some lines, and the line of the next row."""
    text = pc.utf8_rtrim(_texts(lines, first, last, errors), '\r')
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
    _texts(lines, last, end, errors)  # of the last row
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


def _quoted_row(
    lines: list[bytes], at: int, form: _Form, errors: RowErrors
) -> tuple[list[str], int]:
    """Returns the cells of the row that begins on a line, and the line of the next row.

    A row that is refused costs its first line only: a quotation mark that is never closed would
    otherwise swallow the rows below it.
    """
    rest = map(lines.__getitem__, range(at, len(lines)))
    reader = csv.reader(
        (f'{_text(line)}\n' for line in rest), delimiter=form.delimiter, strict=True
    )
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


def _texts(lines: list[bytes], first: int, last: int, errors: RowErrors) -> pa.Array:
    """Returns some lines as text; those that are not UTF-8 are errors."""
    some = lines[first:last]
    try:
        return pa.array(some, pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        for at, line in enumerate(some, first + 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                what = not_utf8(error)
                errors.add(at, what._replace(fix=f'{what.fix} (in Excel: "CSV UTF-8")'))
        return pa.array([_text(line) for line in some], pa.string())


def _text(line: bytes) -> str:
    return line.decode('utf-8', errors='backslashreplace')


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
