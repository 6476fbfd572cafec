"""The one reader of label tables: the dataset stops at the first error, the checker goes on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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

from .check import CheckedRows, check_batch, contradiction
from .classes import Vocabulary
from .layout import SUFFIXES, Batch, TableFormat
from .merge import first_rows, merge_rows
from .problem import Report, RowError, RowErrors, refuse
from .read_csv import read_csv
from .read_json import read_json
from .read_parquet import read_parquet


@dataclass(frozen=True)
class Table:
    """A table as it was read.

    Args:
        columns: names and labels of its N images.
        lines: (N,) where each begins.
        path: of the file.
        place: how the place of a row follows the file's name.
    """

    columns: LabelColumns
    lines: NDArray[np.int64]
    path: Path
    place: str = ':{}'

    def where(self, index: int) -> str:
        """Returns the place of an image in the file."""
        return f'{self.path}{self.place.format(int(self.lines[index]))}'


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
        report: takes each error; if it returns, reading goes on without the row or label.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first error.
    """
    layout, errors = layout or TableFormat(), RowErrors(path, report)
    batches, listed = _open(path, layout, errors, classes)
    vocabulary = Vocabulary(listed if classes is None else classes, layout.separator)
    parts = []
    for batch in batches:
        parts.append(check_batch(batch, vocabulary, errors))
        errors.flush()
    if not errors.count and not any(len(part.lines) for part in parts):
        errors.add(None, RowError('no rows', 'has no rows', 'write one an image'))
    elif not errors.count and not vocabulary.ids:
        what = 'no row names a label, and no classes are given'
        errors.add(None, RowError('no rows', what, 'give classes=...'))
    errors.flush()
    table = _table(parts, vocabulary, layout, errors)
    errors.flush()
    return table


def _open(
    path: Path, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[Iterator[Batch], tuple[str, ...] | None]:
    """Returns the rows of a file, whichever kind it is, and the classes that it lists itself."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f'{path}: a table of labels ends with one of {", ".join(SUFFIXES)}')
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; check ann_file and data_root')
    if suffix in ('.json', '.jsonl'):
        return read_json(path, layout, errors, classes)
    read = read_parquet if suffix == '.parquet' else read_csv
    return read(path, layout.columns, errors), None


def _table(
    parts: list[CheckedRows], vocabulary: Vocabulary, layout: TableFormat, errors: RowErrors
) -> Table:
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
            fix = "remove one row, or unite them with duplicates='merge'"
            errors.add(int(lines[row]), RowError('image listed twice', what, fix), names[row])
    if len(kept) < len(first):
        names = names.subset(kept)
    columns = LabelColumns(names, labels, {'classes': classes})
    return Table(columns, lines[kept], errors.path, errors.place)


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


def _labels(parts: list[CheckedRows], vocabulary: Vocabulary, rest: int) -> SparseLabels:
    """Returns the labels of all rows, (N, C), by the classes of the vocabulary."""
    order = vocabulary.order()
    found, base = [], 0
    for part in parts:
        listed, shape = part.labels, (len(part.lines), len(order))
        labels = SparseLabels.from_pairs(
            listed.entry_rows(), order[listed.classes], listed.values, shape, rest
        )
        if rest == UNOBSERVED:
            labels = labels.completed(np.flatnonzero(part.full))
        found.append((labels.indptr[1:] + base, labels.classes, labels.values))
        base += len(labels.values)
    start = (np.zeros(1, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int8))
    indptr, classes, values = (np.concatenate(column) for column in zip(start, *found, strict=True))
    return SparseLabels(indptr, classes, values, len(order), rest)


def _at(errors: RowErrors, line: int) -> str:
    place = errors.place.format(line)
    return f'in line {line}' if place == f':{line}' else f'in{place[1:]}'
