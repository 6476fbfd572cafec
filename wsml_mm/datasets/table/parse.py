"""The one parser of label tables: the dataset stops at the first fault, the checker goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED
from wsml_mm.labels.names import NameColumn

from .builder import TableBuilder
from .cells import CellReader, Vocabulary, Wrong
from .fault import Fault, Report, refuse
from .image_name import image_name
from .layout import UNLISTED, TableFormat, open_table
from .merge import Contradiction, merge_rows
from .rows import RowSource


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        columns: names and labels of its N images.
        lines: (N,) where each begins.
        source: the file.
    """

    columns: LabelColumns
    lines: NDArray[np.int64]
    source: RowSource

    def where(self, index: int) -> str:
        """Returns the place of an image in the file."""
        return self.source.where(int(self.lines[index]))


def read_table(
    path: Path,
    classes: Sequence[str] | None = None,
    layout: TableFormat | None = None,
    report: Report = refuse,
) -> Table:
    """Reads a table of labels.

    Args:
        path: a file with one of `SUFFIXES`.
        classes: all class names, in order; None: those that the file lists, or else the labels
            found in it, sorted.
        layout: how to read it; None: in the usual way.
        report: takes each fault; one that returns goes on without the row or label at fault.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first fault.
    """
    return _TableReader(path, classes, layout or TableFormat(), report).read()


class _TableReader:
    def __init__(
        self, path: Path, classes: Sequence[str] | None, layout: TableFormat, report: Report
    ) -> None:
        self.layout, self._report = layout, report
        self.faults, self.line, self.image = 0, 0, ''
        self.source = open_table(path, layout.columns, self.report, classes)
        known = self.source.classes if classes is None else classes
        self.vocabulary = Vocabulary(known, layout.separator)
        self.builder = TableBuilder()

    def report(self, fault: Fault) -> None:
        self.faults += 1
        self._report(fault)

    def tell(self, wrong: Wrong) -> None:
        """Reports a fault of the row at hand."""
        where = self.source.where(self.line)
        self.report(Fault(wrong.kind, where, wrong.what, wrong.mend, self.image, wrong.subject))

    def read(self) -> Table:
        cells = CellReader(self.vocabulary, self.layout.separator, self.tell)
        for row in self.source.rows:
            self.line, self.image = row.line, ''
            image = image_name(row.image)
            if isinstance(image, Wrong):
                self.tell(image)
                continue
            self.image = image
            positive, negative = cells.read(row.positive, False), cells.read(row.negative, True)
            present, absent = positive.ids, negative.ids
            if present and absent and (both := set(present) & set(absent)):
                present, absent = self._decided(both, present, absent)
            self.builder.add(row.line, image, present, absent, negative.all_others)
        if not self.faults:
            self._check_not_empty()
        return self._table()

    def _decided(
        self, both: set[int], present: tuple[int, ...], absent: tuple[int, ...]
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Reports labels that are on both sides of a row and returns the sides without them."""
        for name in (name for name, index in self.vocabulary.ids.items() if index in both):
            what = f'label {name!r} is both positive and negative'
            self.tell(Wrong('contradiction', what, 'keep the one that is right', name))
        return tuple(i for i in present if i not in both), tuple(i for i in absent if i not in both)

    def _check_not_empty(self) -> None:
        if not len(self.builder):
            fault = Fault('no rows', str(self.source.path), 'has no rows', 'write one an image')
            self.report(fault)
        elif not self.vocabulary.ids:
            what = 'no row names a label, and no classes are given'
            self.report(Fault('no rows', str(self.source.path), what, 'give classes=...'))

    def _table(self) -> Table:
        builder, classes = self.builder, self.vocabulary.classes()
        rest = UNLISTED[self.layout.unlisted]
        if len(builder) and builder.full().all():
            rest = NEGATIVE  # and no negative needs listing
        first = builder.first_rows()
        kept = np.flatnonzero(first == np.arange(len(first)))
        names, lines = builder.names(), builder.lines()
        if len(kept) == len(first):
            labels = builder.labels(self.vocabulary.order(), rest)
        elif self.layout.duplicates == 'refuse':
            self._tell_twice(names, lines, first)
            labels = builder.labels(self.vocabulary.order(), rest).subset(kept)
        else:
            listed = builder.labels(self.vocabulary.order(), UNOBSERVED)
            merged, contradictions = merge_rows(listed, first)
            self._tell_contradictions(contradictions, names, lines, classes)
            labels = merged.unlisted(rest)
        if len(kept) < len(first):
            names = names.subset(kept)
        columns = LabelColumns(names, labels, {'classes': classes})
        return Table(columns, lines[kept], self.source)

    def _tell_twice(
        self, names: NameColumn, lines: NDArray[np.int64], first: NDArray[np.int64]
    ) -> None:
        for row in np.flatnonzero(first != np.arange(len(first))):
            self.line, self.image = int(lines[row]), names[int(row)]
            what = f'image {self.image!r} is listed twice, first {self._at(lines[first[row]])}'
            mend = "remove one row, or unite them with duplicates='merge'"
            self.tell(Wrong('image listed twice', what, mend))

    def _tell_contradictions(
        self,
        contradictions: Sequence[Contradiction],
        names: NameColumn,
        lines: NDArray[np.int64],
        classes: Sequence[str],
    ) -> None:
        for row, earlier, label in contradictions:
            self.line, self.image = int(lines[row]), names[row]
            name, first = classes[label], self._at(lines[earlier])
            what = f'label {name!r} is both positive and negative, as {first}'
            self.tell(Wrong('contradiction', what, 'keep the one that is right', name))

    def _at(self, line: int) -> str:
        place = self.source.place.format(line)
        return f'in line {line}' if place == f':{line}' else f'in{place[1:]}'
