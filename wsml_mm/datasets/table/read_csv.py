"""Tables of labels as CSV: a header, one row an image, several labels in one cell.

The CSV readers of pyarrow and polars accept broken quotation marks or lose the line numbers. So
lines without quotation marks are split here, thousands at a time, and the rest by Python's `csv`.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .classes import not_utf8
from .csv_lines import Lines, split_cells, text_of
from .csv_rows import CsvForm, miscounted, quoted_row, short_rows
from .problem import RowError, RowErrors
from .rows import Columns, Rows, TextRows

# Spreadsheets write what the country's decimal comma leaves free.
_DELIMITERS = (',', ';', '\t')
_EMPTY = re.compile(rb'\s*(?:"?sep=[,;\t]"?\s*)?')
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
    lines = Lines(content.removeprefix(BOM_UTF8), b'\n' if b'\n' in content else b'\r')
    # Excel's own line about the delimiter is passed over as empty lines are.
    at = next((at for at, line in enumerate(lines) if not _EMPTY.fullmatch(line)), 0)
    form, header = CsvForm(_delimiter(text_of(lines[at]), columns.image)), list[str]()
    while at < len(lines) and not header:
        row, at = quoted_row(lines, at, form, errors)
        header = [name.strip() for name in row]
    if error := columns.error_in(header):
        errors.add(at if header else 1, error)
        return
    form = form._replace(header=header)
    while at < len(lines):
        rows, at = _rows(lines, at, lines.block_end(at), form, errors)
        yield rows


def _rows(
    lines: Lines, first: int, last: int, form: CsvForm, errors: RowErrors
) -> tuple[TextRows, int]:
    """Returns the rows that begin on some lines, and the line of the next row."""
    text = _texts(lines, first, last, errors)
    special = np.zeros(len(text), bool)
    if lines.have(b'"', first, last) or lines.have(b'\r', first, last):
        special = pc.match_substring_regex(text, '["\r]').to_numpy(zero_copy_only=False)
    plain = ~special & pc.not_equal(text, '').to_numpy(zero_copy_only=False)
    quoted: dict[int, list[str]] = {}
    end = first
    for at, short in _special_rows(text, special, form):
        if first + at >= end:
            row, end = (
                (short, first + at + 1) if short else quoted_row(lines, first + at, form, errors)
            )
            plain[at + 1 : end - first] = False
            if row:
                quoted[first + at] = row
    if end > last:
        _texts(lines, last, end, errors)  # of the last row
    width = len(form.header)
    flat, found = split_cells(text.filter(pa.array(plain)), form.delimiter)
    places, right = np.flatnonzero(plain) + first, found == width
    if not right.all():
        starts = np.cumsum(found) - found
        for wrong in np.flatnonzero(~right):
            name = flat[int(starts[wrong])].as_py().strip()
            errors.add(int(places[wrong]) + 1, miscounted(int(found[wrong]), width), name)
        flat, places = flat.filter(pa.array(np.repeat(right, found))), places[right]
    if quoted:
        flat = pa.concat_arrays([flat, pa.array(chain(*quoted.values()), pa.string())])
        places = np.concatenate([places, np.array([*quoted], np.int64)])
        order = np.argsort(places)
        flat = flat.take(pa.array((order[:, None] * width + np.arange(width)).ravel()))
        places = places[order]
    return TextRows(places + 1, flat, form.header), max(last, end)


def _special_rows(
    text: pa.Array, special: NDArray[np.bool_], form: CsvForm
) -> Iterator[tuple[int, list[str] | None]]:
    """Yields the lines that `split_cells` cannot split, and their cells if that shows at once."""
    if not special.any():
        return
    even = pc.equal(pc.bit_wise_and(pc.count_substring(text, '"'), 1), 0)
    alone = even.to_numpy(zero_copy_only=False) & special
    alone &= ~pc.match_substring(text, '\r').to_numpy(zero_copy_only=False)
    short = iter(short_rows(text.filter(pa.array(alone)).to_pylist(), form))
    for at in map(int, np.flatnonzero(special)):
        yield at, next(short) if alone[at] else None


def _texts(lines: Lines, first: int, last: int, errors: RowErrors) -> pa.Array:
    """Returns some lines as text; those that are not UTF-8 are errors."""
    try:
        return lines.texts(first, last)
    except pa.ArrowInvalid:
        some = lines[first:last]
        for at, line in enumerate(some, first + 1):
            try:
                line.decode()
            except UnicodeDecodeError as error:
                what = not_utf8(error)
                errors.add(at, what._replace(fix=f'{what.fix} (in Excel: "CSV UTF-8")'))
        return pc.utf8_rtrim(pa.array([text_of(line) for line in some], pa.string()), '\r')


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
