"""Tables of labels as CSV: a header, one row an image, several labels in one cell."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path

from .fault import Fault, Report
from .rows import ColumnNames, Row, RowSource

# Spreadsheets write what the country's decimal comma leaves free.
_DELIMITERS = (',', ';', '\t')


def open_csv(path: Path, names: ColumnNames, report: Report) -> RowSource:
    """Opens a CSV file, which is then read a line at a time.

    UTF-8 with or without a byte-order mark; cells are separated by comma, semicolon or tab,
    whichever makes `names.image` a column of the header. Empty lines are passed over.

    Args:
        path: of the file.
        names: of its columns; further columns are not read.
        report: takes the faults of lines that are no rows.
    """
    return RowSource(path, _rows(path, names, report))


def _rows(path: Path, names: ColumnNames, report: Report) -> Iterator[Row]:
    with path.open('rb') as file:
        lines = _decoded(file, path, report)
        first = next((line for line in lines if line.strip()), '')
        reader = csv.reader(
            itertools.chain([first], lines), delimiter=_delimiter(first, names.image), strict=True
        )
        cells = _cells(reader, path, report)
        _, header = next(cells, (1, []))
        header = [name.strip() for name in header]
        if fault := names.fault_in(header, f'{path}:1'):
            report(fault)
            return
        image, positive = header.index(names.image), header.index(names.positive)
        negative = header.index(names.negative) if names.negative in header else None
        for at, row in cells:
            if len(row) != len(header):
                report(_miscounted(f'{path}:{at}', row, len(header)))
                continue
            yield Row(at, row[image], row[positive], '' if negative is None else row[negative])


def _cells(
    reader: Iterator[list[str]], path: Path, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """Yields the line a row begins on and its cells."""
    while True:
        at = reader.line_num + 1  # type: ignore[attr-defined]
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            report(
                Fault(
                    'broken row',
                    f'{path}:{at}',
                    f'this row cannot be read ({error})',
                    'close its quotation marks; one inside a cell is written twice',
                )
            )
            continue
        if row:
            yield at, row


def _decoded(file: Iterable[bytes], path: Path, report: Report) -> Iterator[str]:
    for at, line in enumerate(file, 1):
        try:
            yield line.decode('utf-8-sig' if at == 1 else 'utf-8')
        except UnicodeDecodeError as error:
            report(
                Fault(
                    'not UTF-8',
                    f'{path}:{at}',
                    f'is no UTF-8 text ({error.reason} at byte {error.start})',
                    'save the file as UTF-8 (in Excel: "CSV UTF-8")',
                )
            )
            yield line.decode('utf-8', errors='backslashreplace')


def _delimiter(header: str, image: str) -> str:
    for delimiter in _DELIMITERS:
        if image in [cell.strip(' "\r\n') for cell in header.split(delimiter)]:
            return delimiter
    return ','


def _miscounted(where: str, row: list[str], due: int) -> Fault:
    many = len(row) > due
    return Fault(
        'wrong number of cells',
        where,
        f'{len(row)} cells where the header has {due}',
        'put a cell that holds the delimiter in quotation marks, or separate labels as '
        'separator=... says'
        if many
        else 'write an empty cell for no labels',
        image=row[0].strip(),
    )
