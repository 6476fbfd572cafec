"""Tables of labels as CSV: a header, one row an image, several labels in one cell."""

from __future__ import annotations

import csv
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
        lines = _Lines(_decoded(file, path, report))
        cells = _cells(lines, _delimiter(lines.peek(), names.image), path, report)
        at, header = next(cells, (1, []))
        header = [name.strip() for name in header]
        if fault := names.fault_in(header, f'{path}:{at}'):
            report(fault)
            return
        image, positive = header.index(names.image), header.index(names.positive)
        negative = header.index(names.negative) if names.negative in header else None
        for at, row in cells:
            if len(row) == len(header):
                yield Row(at, row[image], row[positive], '' if negative is None else row[negative])
            else:
                report(_miscounted(f'{path}:{at}', row, len(header)))
                lines.go_back()


class _Lines:
    """Lines of which those of the row at hand, but the first, can be read once more.

    A quotation mark that is never closed swallows the rows below it: one fault, not the end.
    """

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self._taken: list[str] = []
        self._again: list[str] = []
        self.last = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._lines)
        self._taken.append(line)
        self.last += 1
        return line

    def peek(self) -> str:
        """Returns the first line that is not empty, without taking it; those above are passed."""
        for line in self._lines:
            if line.strip():
                self._again.append(line)
                return line
            self.last += 1
        return ''

    def begin_row(self) -> int:
        """Returns the number of the next line, with which a row begins."""
        self._taken.clear()
        return self.last + 1

    def go_back(self) -> None:
        """Goes back to the second line of the row at hand."""
        rest = self._taken[1:]
        self._again.extend(reversed(rest))
        self.last -= len(rest)
        self._taken.clear()


def _cells(
    lines: _Lines, delimiter: str, path: Path, report: Report
) -> Iterator[tuple[int, list[str]]]:
    """Yields the line a row begins on and its cells."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        at = lines.begin_row()
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            mend = 'close its quotation marks; one inside a cell is written twice'
            report(Fault('broken row', f'{path}:{at}', f'the row cannot be read ({error})', mend))
            lines.go_back()
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if row:
            yield at, row


def _decoded(file: Iterable[bytes], path: Path, report: Report) -> Iterator[str]:
    for at, line in enumerate(file, 1):
        try:
            yield line.decode('utf-8-sig' if at == 1 else 'utf-8')
        except UnicodeDecodeError as error:
            what = f'is no UTF-8 text ({error.reason} at byte {error.start})'
            mend = 'save the file as UTF-8 (in Excel: "CSV UTF-8")'
            report(Fault('not UTF-8', f'{path}:{at}', what, mend))
            yield line.decode('utf-8', errors='backslashreplace')


def _delimiter(header: str, image: str) -> str:
    for delimiter in _DELIMITERS:
        if image in [cell.strip(' "\r\n') for cell in header.split(delimiter)]:
            return delimiter
    return ','


def _miscounted(where: str, row: list[str], due: int) -> Fault:
    mend = 'write an empty cell for no labels'
    if len(row) > due:
        mend = 'put a cell that holds the delimiter in quotation marks'
    what = f'{len(row)} cells where the header has {due}'
    return Fault('wrong number of cells', where, what, mend, image=row[0].strip())
