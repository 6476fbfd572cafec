"""The one reader of label tables: the dataset stops at the first error, the checker goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from .advice import Option, advise, either
from .assemble import Table, assemble
from .check import CheckedRows, check_batch
from .classes import Vocabulary
from .indicator_columns import IndicatorColumns
from .indicators import IndicatorChecker
from .layout import SUFFIXES, TableFormat
from .problem import Report, RowError, RowErrors, refuse
from .read_csv import read_csv
from .read_json import read_json
from .read_parquet import read_parquet
from .rows import Columns, Rows, listed

_JSON = ('.json', '.jsonl')


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
    suffix = _suffix(path)
    if layout.layout == 'lists':
        parts, vocabulary, notes = _read_lists(path, suffix, layout, errors, classes)
    elif suffix in _JSON:
        said = (Option('layout', layout.layout), ' is for CSV and Parquet; write the table anew')
        raise ValueError(advise(f'{path}: ', *said))
    else:
        parts, vocabulary, notes = _read_indicators(path, suffix, layout, errors, classes)
    if not errors.count and not any(len(part.lines) for part in parts):
        errors.add(None, RowError('no rows', 'has no rows', 'write one an image'))
    elif not errors.count and not vocabulary.ids:
        what = 'no row names a label, and no classes are given'
        errors.add(None, RowError('no rows', what, advise('give ', Option('classes', ...))))
    for name, doubt in vocabulary.doubts(sum(len(part.labels.classes) for part in parts)):
        errors.add(_first_line(parts, vocabulary.ids[name]), doubt)
    errors.flush()
    table = assemble(parts, vocabulary, layout, errors, notes)
    errors.flush()
    return table


_Read = tuple[list[CheckedRows], Vocabulary, list[str]]


def _read_lists(
    path: Path,
    suffix: str,
    layout: TableFormat,
    errors: RowErrors,
    classes: Sequence[str] | None,
) -> _Read:
    """Returns the checked rows of a table that lists labels, its classes and what to note."""
    if suffix in _JSON:
        batches, named = read_json(path, layout, errors, classes)
    else:
        rows = _reader(suffix)(path, layout.columns, errors)
        batches, named = (listed(some, layout.columns) for some in rows), None
    classes = named if classes is None else classes
    vocabulary = Vocabulary(classes, layout.separator, layout.nothing.strip())
    parts = []
    for batch in batches:
        parts.append(check_batch(batch, vocabulary, errors, layout.suffix))
        errors.flush()
    return parts, vocabulary, [f'a label that is not listed -> {layout.unlisted}']


def _read_indicators(
    path: Path,
    suffix: str,
    layout: TableFormat,
    errors: RowErrors,
    classes: Sequence[str] | None,
) -> _Read:
    """Returns the same of a table of indicators, or of images alone."""
    alone = layout.layout == 'images'
    columns = IndicatorColumns(layout, () if alone else classes)
    checker, parts = IndicatorChecker(columns, layout), []
    for rows in _reader(suffix)(path, columns, errors):
        parts.append(checker.check(rows, errors))
        errors.flush()
    if alone:
        return parts, Vocabulary(classes or ()), ['images alone: every label -> unobserved']
    return parts, Vocabulary(columns.classes), [checker.book.note(), *columns.notes()]


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f'{path}: a table of labels ends with one of {", ".join(SUFFIXES)}')
    if not path.is_file():
        what = f'{path}: no such file; check '
        raise FileNotFoundError(either(f'{what}ann_file and data_root', f'{what}its name'))
    return suffix


def _reader(suffix: str) -> Callable[[Path, Columns, RowErrors], Iterator[Rows]]:
    return read_parquet if suffix == '.parquet' else read_csv


def _first_line(parts: Sequence[CheckedRows], index: int) -> int | None:
    """Returns where the first row with a label of a class begins."""
    for part in parts:
        if len(at := np.flatnonzero(part.labels.classes == index)):
            row = np.searchsorted(part.labels.indptr, at[0], 'right') - 1
            return int(part.lines[row])
    return None
