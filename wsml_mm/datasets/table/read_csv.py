"""Tables of labels as CSV: a header, one row an image, several labels in one cell.

The CSV readers of pyarrow and polars accept broken quotation marks or lose the line numbers. So
lines without quotation marks are split here, thousands at a time, and the rest by Python's `csv`.
"""

from __future__ import annotations

import csv
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .classes import not_utf8
from .problem import RowError, RowErrors
from .rows import Columns, Rows, TextRows

# Spreadsheets write what the country's decimal comma leaves free.
_DELIMITERS = (',', ';', '\t')
_BLOCK = 1 << 23  # bytes looked at together
_OTHER_KINDS = (
    (b'PK\x03\x04', 'a ZIP file or an Excel sheet', 'unpack it, or save it as "CSV UTF-8"'),
    (b'\x1f\x8b', 'a gzip file', 'unpack it with gunzip'),
    (b'PAR1', 'a Parquet file', 'let its name end with .parquet'),
)


def read_csv(path: Path, columns: Columns, errors: RowErrors) -> Iterator[Rows]:
    """Reads a CSV file a batch of rows at a time.

    UTF-8 with or without a byte-order mark; cells are separated by comma, semicolon or tab,
    whichever makes `columns.image` a column of the header. Empty lines are passed over.

    Args:
        path: of the file.
        columns: that are read.
        errors: takes those of lines that are no rows.
    """
    content = path.read_bytes()
    if wrong := _other_kind(content):
        errors.add(None, wrong)
        return
    # Spreadsheets of old Macs end their lines with CR alone.
    lines = content.removeprefix(BOM_UTF8).split(b'\n' if b'\n' in content else b'\r')
    at = next((at for at, line in enumerate(lines) if line.strip()), 0)
    form, header = _Form(_delimiter(_text(lines[at]), columns.image)), list[str]()
    while at < len(lines) and not header:
        row, at = _quoted_row(lines, at, form, errors)
        header = [name.strip() for name in row]
    if error := columns.error_in(header):
        errors.add(at if header else 1, error)
        return
    form = form._replace(header=header)
    ends = np.cumsum(np.fromiter(map(len, lines), np.int64, len(lines)))
    while at < len(lines):
        last = max(at + 1, int(np.searchsorted(ends, ends[at] + _BLOCK)))
        rows, at = _rows(lines, at, last, form, errors)
        yield rows


class _Form(NamedTuple):
    """How lines are split.

    Args:
        delimiter: between cells.
        header: the names of the columns; none: rows have any number of cells.
    """

    delimiter: str
    header: Sequence[str] = ()


def _rows(
    lines: list[bytes], first: int, last: int, form: _Form, errors: RowErrors
) -> tuple[TextRows, int]:
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
    cells, width = pc.split_pattern(text.filter(pa.array(plain)), form.delimiter), len(form.header)
    places, found = np.flatnonzero(plain) + first, pc.list_value_length(cells).to_numpy()
    for wrong in np.flatnonzero(found != width):
        name = cells[wrong][0].as_py().strip()
        errors.add(int(places[wrong]) + 1, _miscounted(int(found[wrong]), width), name)
    right = found == width
    flat = cells.filter(pa.array(right)).flatten() if not right.all() else cells.flatten()
    places = places[right]
    if quoted:
        flat = pa.concat_arrays([flat, pa.array(chain(*quoted.values()), pa.string())])
        places = np.concatenate([places, np.array([*quoted], np.int64)])
        order = np.argsort(places)
        flat = flat.take(pa.array((order[:, None] * width + np.arange(width)).ravel()))
        places = places[order]
    return TextRows(places + 1, flat, form.header), max(last, end)


def _quoted_row(
    lines: list[bytes], at: int, form: _Form, errors: RowErrors
) -> tuple[list[str], int]:
    """Returns the cells of the row that begins on a line, and the line of the next row.

    A row that is refused costs its first line only: a quotation mark that is never closed would
    otherwise swallow the rows below it.
    """
    end, size = _closing_line(lines, at)
    rest = map(lines.__getitem__, range(at, end or len(lines)))
    reader = csv.reader(
        (f'{_text(line)}\n' for line in rest), delimiter=form.delimiter, strict=True
    )
    try:
        with _long_cells(size if end else 0):
            row = next(reader)
    except csv.Error as error:
        why = 'unexpected end of data' if 'field limit' in str(error) else str(error)
        fix = 'close its quotation marks; one inside a cell is written twice'
        errors.add(at + 1, RowError('broken row', f'the row cannot be read ({why})', fix))
        return [], at + 1
    width = len(form.header)
    if row and width and len(row) != width:
        errors.add(at + 1, _miscounted(len(row), width), row[0].strip())
        return [], at + 1
    return row, at + reader.line_num


def _closing_line(lines: list[bytes], at: int) -> tuple[int, int]:
    """Returns the line after that on which all quotation marks are closed, and the bytes to there.

    The line is 0 if one is never closed.
    """
    marks, size = 0, 0
    for last in range(at, len(lines)):
        marks, size = marks + lines[last].count(b'"'), size + len(lines[last]) + 1
        if marks % 2 == 0:
            return last + 1, size
    return 0, size


@contextmanager
def _long_cells(size: int) -> Iterator[None]:
    """Lets `csv` read cells of some bytes: its limit is for quotation marks that are never closed.

    Where marks are closed, a cell may be long, as a polygon or a mask is.
    """
    limit = csv.field_size_limit()
    csv.field_size_limit(max(limit, size))
    try:
        yield
    finally:
        csv.field_size_limit(limit)


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
    return max(_DELIMITERS, key=header.count)


def _other_kind(content: bytes) -> RowError | None:
    for begin, what, fix in _OTHER_KINDS:
        if content.startswith(begin):
            return RowError('not UTF-8', f'is {what}, not text', fix)
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return RowError('not UTF-8', 'is UTF-16 text', 'save it as UTF-8 (in Excel: "CSV UTF-8")')
    return None


def _miscounted(found: int, due: int) -> RowError:
    fix = 'write an empty cell for no labels'
    if found > due:
        fix = 'put a cell that holds the delimiter in quotation marks'
    return RowError('wrong number of cells', f'{found} cells where the header has {due}', fix)
