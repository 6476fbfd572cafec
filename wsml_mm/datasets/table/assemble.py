"""Checked rows put together as the columns of a data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .advice import Option, advise
from .check import CheckedRows, contradiction
from .classes import Vocabulary
from .layout import TableFormat
from .merge import first_rows, merge_rows
from .problem import Place, RowError, RowErrors


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        columns: names and labels of its N images.
        lines: (N,) where each begins.
        path: of the file.
        place: how the place of a row follows the file's name.
        notes: what it and its cells were taken for, a line each.
    """

    columns: LabelColumns
    lines: NDArray[np.int64]
    path: Path
    place: Place = ':{}'
    notes: tuple[str, ...] = ()

    def where(self, index: int) -> str:
        """Returns the place of an image in the file."""
        return f'{self.path}{self.place.format(int(self.lines[index]))}'


def assemble(
    parts: Sequence[CheckedRows],
    vocabulary: Vocabulary,
    layout: TableFormat,
    errors: RowErrors,
) -> Table:
    """Returns a table of all rows; images that are listed twice are one, or errors.

    Args:
        parts: the rows, checked.
        vocabulary: the classes.
        layout: how the table is read.
        errors: takes what is wrong between rows; holds what is to be noted.
    """
    names = _names([part.images for part in parts])
    lines = np.concatenate([np.zeros(0, np.int64), *(part.lines for part in parts)])
    rest = layout.rest
    if len(lines) and all(part.full.all() for part in parts):
        rest = NEGATIVE  # and no negative needs listing
    first = first_rows(names)
    kept = np.flatnonzero(first == np.arange(len(first)))
    merging = layout.duplicates == 'merge' and len(kept) < len(first)
    labels = _labels(parts, vocabulary, UNOBSERVED if merging else rest)
    classes = vocabulary.classes()
    if merging:
        labels, clashes = merge_rows(labels, first)
        labels = labels.unlisted(rest)
        for row, earlier, label in clashes:
            error = contradiction(classes[label], f', as {_at(errors, lines[earlier])}')
            errors.add(int(lines[row]), error, names[row])
    elif len(kept) < len(first):
        labels = labels.subset(kept)
        for row in map(int, np.flatnonzero(first != np.arange(len(first)))):
            there = _at(errors, lines[first[row]])
            what = f'image {names[row]!r} is listed twice, first {there}'
            fix = advise('remove one row, or unite them with ', Option('duplicates', 'merge'))
            errors.add(int(lines[row]), RowError('image listed twice', what, fix), names[row])
    if len(kept) < len(first):
        names = names.subset(kept)
    columns = LabelColumns(names, labels, {'classes': classes})
    return Table(columns, lines[kept], errors.path, errors.place, tuple(errors.notes))


def _names(images: list[pa.Array]) -> NameColumn:
    """Returns names as one block of bytes, a zero byte after each."""
    texts, ends, length = [np.zeros(0, np.uint8)], [np.zeros(0, np.int64)], 0
    for part in images:
        if not len(part):
            continue
        _, offsets, text = pc.binary_join_element_wise(part, '', '\0').buffers()
        end = np.frombuffer(offsets, np.int32)[1 : len(part) + 1].astype(np.int64)
        texts.append(np.frombuffer(text, np.uint8)[: end[-1]])
        ends.append(end + length)
        length += int(end[-1])
    return NameColumn(np.concatenate(texts), np.concatenate(ends))


def _labels(parts: Sequence[CheckedRows], vocabulary: Vocabulary, rest: int) -> SparseLabels:
    """Returns the labels of all rows, (N, C), by the classes of the vocabulary."""
    order = vocabulary.order()
    in_order = bool((order == np.arange(len(order))).all())
    found, base = [], 0
    for part in parts:
        listed, shape = part.labels, (len(part.lines), len(order))
        if in_order and (rest == UNOBSERVED or (listed.values != rest).all()):
            labels = SparseLabels(listed.indptr, listed.classes, listed.values, len(order), rest)
        else:
            labels = SparseLabels.from_pairs(
                listed.entry_rows(), order[listed.classes], listed.values, shape, rest
            )
        if rest == UNOBSERVED and part.full.any():
            labels = labels.completed(np.flatnonzero(part.full))
        found.append((labels.indptr[1:] + base, labels.classes, labels.values))
        base += len(labels.values)
    start = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))
    indptr, classes, values = (np.concatenate(column) for column in zip(start, *found, strict=True))
    return SparseLabels(indptr, classes, values, len(order), rest)


def _at(errors: RowErrors, line: int) -> str:
    place = errors.place.format(line)
    return f'in line {line}' if place == f':{line}' else f'in {place.lstrip(": /")}'
