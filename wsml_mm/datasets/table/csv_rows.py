"""Rows of a CSV file one at a time: those with quotation marks, and the header."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from .csv_lines import text_of
from .problem import RowError, RowErrors


class CsvForm(NamedTuple):
    """How lines are split.

    Args:
        delimiter: between cells.
        header: the names of the columns; none: rows have any number of cells.
    """

    delimiter: str
    header: Sequence[str] = ()


def quoted_row(
    lines: Sequence[bytes], at: int, form: CsvForm, errors: RowErrors
) -> tuple[list[str], int]:
    """Returns the cells of the row that begins on a line, and the line of the next row.

    A row that is refused costs its first line only: a quotation mark that is never closed would
    otherwise swallow the rows below it.
    """
    end, size = _closing_line(lines, at)
    rest = map(lines.__getitem__, range(at, end or len(lines)))
    reader = csv.reader(
        (f'{text_of(line)}\n' for line in rest), delimiter=form.delimiter, strict=True
    )
    try:
        with _long_cells(size if end else 0):
            row = next(reader)
    except csv.Error as error:
        why = 'unexpected end of data' if 'field limit' in str(error) else str(error)
        fix = 'close its quotation marks; one inside a cell is written twice'
        if why.startswith('new-line'):
            why, fix = 'CR stands alone within it', 'end all lines alike, with LF or CRLF'
        errors.add(at + 1, RowError('broken row', f'the row cannot be read ({why})', fix))
        return [], at + 1
    width = len(form.header)
    if row and width and len(row) != width:
        errors.add(at + 1, miscounted(len(row), width), row[0].strip())
        return [], at + 1
    return row, at + reader.line_num


def short_rows(texts: Sequence[str], form: CsvForm) -> list[list[str] | None]:
    """Returns the cells of lines that are a sound row each; None: the line is none, or is broken.

    One reader takes all of them, which is several times as fast as `quoted_row`.

    Args:
        texts: lines with an even number of quotation marks.
        form: how they are split.
    """
    width, found = len(form.header), list[list[str] | None]()
    while (first := len(found)) < len(texts):
        reader = csv.reader(
            (f'{texts[at]}\n' for at in range(first, len(texts))),
            delimiter=form.delimiter,
            strict=True,
        )
        try:
            for count, row in enumerate(reader, 1):
                whole = reader.line_num == count
                found.append(row if whole and len(row) == width else None)
                if not whole:
                    break
        except csv.Error:
            found.append(None)
    return found


def _closing_line(lines: Sequence[bytes], at: int) -> tuple[int, int]:
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


def miscounted(found: int, due: int) -> RowError:
    """Returns that a row has too many cells, or too few."""
    fix = 'write an empty cell for no labels'
    if found > due:
        fix = 'put a cell that holds the delimiter in quotation marks'
    return RowError('wrong number of cells', f'{found} cells where the header has {due}', fix)
