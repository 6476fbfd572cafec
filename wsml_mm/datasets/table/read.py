"""The one reader of label tables: the dataset stops at the first error, the checker goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from wsml_mm.labels.files import TABLE_SUFFIXES

from .advice import Option, advise, either
from .assemble import Table, assemble
from .check import CheckedRows, check_batch
from .classes import Vocabulary
from .image_names import ImageNames
from .indicator_columns import IndicatorColumns
from .indicators import IndicatorChecker
from .layout import Batch, TableFormat
from .problem import Report, RowError, RowErrors, refuse
from .read_csv import read_csv
from .read_json import read_json
from .read_parquet import read_parquet
from .read_voc import is_voc, read_voc
from .rows import Columns, Rows, listed

_COLUMNS = ('.csv', '.tsv', '.parquet')
_JSON = ('.json', '.jsonl')
_ALONE = 'images alone: every label -> unobserved'


def read_table(
    path: Path,
    classes: Sequence[str] | None = None,
    layout: TableFormat | None = None,
    report: Report = refuse,
) -> Table:
    """Reads a table of labels.

    Args:
        path: a file with one of `TABLE_SUFFIXES`, or a folder of VOC annotations, or a list of
            them.
        classes: all class names, in order; None: those that the file lists, or else the labels
            found in it, sorted.
        layout: how to read it; None: in the usual way.
        report: takes each error; if it returns, reading goes on without the row or label.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first error.
    """
    layout, errors = layout or TableFormat(), RowErrors(path, report)
    kind = _kind(path)
    if layout.layout == 'lists' or (layout.layout == 'images' and kind in _JSON):
        parts, vocabulary = _read_lists(path, kind, layout, errors, classes)
    elif kind in _COLUMNS:
        parts, vocabulary = _read_columns(path, kind, layout, errors, classes)
    else:
        more = ', and plain rows of JSON' if layout.layout == 'images' else ''
        fix = f' is for CSV and Parquet{more}; leave it out, or write such a table'
        raise ValueError(advise(f'{path}: ', Option('layout', layout.layout), fix))
    if not errors.count and not any(len(part.lines) for part in parts):
        errors.add(None, RowError('no rows', 'has no rows', 'write one an image'))
    elif not errors.count and not vocabulary.ids:
        what = 'no row names a label, and no classes are given'
        errors.add(None, RowError('no rows', what, advise('give ', Option('classes', ...))))
    for name, doubt in vocabulary.doubts(sum(len(part.labels.classes) for part in parts)):
        errors.add(_first_line(parts, vocabulary.ids[name]), doubt)
    errors.flush()
    table = assemble(parts, vocabulary, layout, errors)
    errors.flush()
    return table


def _read_lists(
    path: Path, kind: str, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[list[CheckedRows], Vocabulary]:
    """Returns the checked rows of a table that lists labels, and its classes; notes what is read.

    Of JSON, a row without labels is read likewise where images alone are.
    """
    alone = layout.layout == 'images'
    batches, found = _batches(path, kind, layout, errors, classes)
    classes = (found or (() if alone else None)) if classes is None else classes
    vocabulary = Vocabulary(classes, layout.separator, layout.nothing.strip())
    parts, named = list[CheckedRows](), ImageNames(layout)
    for batch in batches:
        parts.append(check_batch(batch, vocabulary, errors, named))
        errors.flush()
    if alone:
        errors.notes.append(_ALONE)
    elif not all(part.full.all() for part in parts):
        errors.notes.append(f'a label that is not listed -> {layout.unlisted or "unobserved"}')
    return parts, vocabulary


def _batches(
    path: Path, kind: str, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[Iterator[Batch], tuple[str, ...] | None]:
    """Returns the rows of a file that lists labels, and the classes that it names itself."""
    if kind in _JSON:
        return read_json(path, layout, errors, classes)
    if kind in _COLUMNS:
        rows = _reader(kind)(path, layout.columns, errors)
        return (listed(some, layout.columns) for some in rows), None
    return read_voc(path, layout, errors), None


def _read_columns(
    path: Path, kind: str, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[list[CheckedRows], Vocabulary]:
    """Returns the same of a table of indicators, or of images alone."""
    alone = layout.layout == 'images'
    columns = IndicatorColumns(layout, () if alone else classes)
    checker, parts = IndicatorChecker(columns, layout), list[CheckedRows]()
    for rows in _reader(kind)(path, columns, errors):
        parts.append(checker.check(rows, errors))
        errors.flush()
    if alone:
        errors.notes.append(_ALONE)
        return parts, Vocabulary(classes or ())
    errors.notes += [checker.book.note(), *columns.notes()]
    return parts, Vocabulary(columns.classes)


def _kind(path: Path) -> str:
    """Returns the suffix of a table, or 'voc'."""
    if is_voc(path):
        return 'voc'
    suffix = path.suffix.lower()
    if suffix not in TABLE_SUFFIXES:
        raise ValueError(
            f'{path}: a table of labels ends with one of {", ".join(TABLE_SUFFIXES)}, or is a '
            'folder of VOC annotations; name such a file or folder that is there'
        )
    if not path.is_file():
        what = f'{path}: no such file; check '
        raise FileNotFoundError(either(f'{what}ann_file and data_root', f'{what}its name'))
    return suffix


def _reader(kind: str) -> Callable[[Path, Columns, RowErrors], Iterator[Rows]]:
    return read_parquet if kind == '.parquet' else read_csv


def _first_line(parts: Sequence[CheckedRows], index: int) -> int | None:
    """Returns where the first row with a label of a class begins."""
    for part in parts:
        if len(at := np.flatnonzero(part.labels.classes == index)):
            row = np.searchsorted(part.labels.indptr, at[0], 'right') - 1
            return int(part.lines[row])
    return None
