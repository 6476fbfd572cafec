"""Labels written as a table that `LabelTable` reads back."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from pyarrow import csv, parquet

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.files import TABLE_SUFFIXES, write_durably
from wsml_mm.labels.sparse import SparseLabels

from .classes import ALL_OTHERS, UNPRINTABLE
from .column_names import ColumnNames
from .image_names import image_name
from .layout import TableFormat


def write_table(
    path: Path,
    names: Iterable[str],
    labels: SparseLabels,
    classes: Sequence[str],
    separator: str = '|',
) -> None:
    """Writes labels as a table: read with the same classes and separator, they are the same again.

    An image of which every label is known has `*` among its negatives; one of which nothing is
    known has two empty cells.

    Args:
        path: of the file, with a suffix that says its kind (CSV, TSV, Parquet, JSON, JSON Lines);
            one that is there is replaced.
        names: of the N images, as `LabelTable` takes them: distinct, below the image folder.
        labels: (N, C).
        classes: C distinct names.
        separator: between the labels of a cell, for CSV and TSV; the other kinds have lists.

    Raises:
        ValueError: if a name would not be read back as it is, or numbers do not agree.
        OSError: if the file cannot be written.
    """
    kind, names = path.suffix.lower(), list(names)
    TableFormat(separator=separator)  # refuses what cannot separate
    if kind not in TABLE_SUFFIXES:
        raise ValueError(f'{path}: a table of labels ends with one of {", ".join(TABLE_SUFFIXES)}')
    if not classes or not names or (len(names), len(classes)) != (len(labels), labels.num_classes):
        raise ValueError(
            f'{path}: {len(names)} names and {len(classes)} classes for labels of '
            f'{len(labels)} x {labels.num_classes}; give one name for each, and at least one'
        )
    _check_distinct(path, 'image', names)
    _check_distinct(path, 'class', classes)
    for name in names:
        if image_name(name) != name:
            raise ValueError(f'{path}: image name {name!r} would not be read as it is; rename it')
    for name in classes:
        if name.strip() != name or name in ('', ALL_OTHERS) or UNPRINTABLE.search(name):
            raise ValueError(f'{path}: class name {name!r} would not be read as it is; rename it')
        if kind in ('.csv', '.tsv') and f'{name}{separator}x'.split(separator) != [name, 'x']:
            raise ValueError(
                f'{path}: class name {name!r} holds the separator {separator!r}; give another '
                'separator, or write Parquet or JSON'
            )
    columns = [pa.array(names, pa.string()), *_cells(labels, classes)]
    content = _content(pa.table(columns, names=list(ColumnNames())), kind, separator)
    write_durably(path, content, 'free some space, or give another path')


def _check_distinct(path: Path, what: str, names: Sequence[str]) -> None:
    name, count = Counter(names).most_common(1)[0]
    if count > 1:
        raise ValueError(f'{path}: {what} {name!r} is there {count} times; give each once')


def _cells(labels: SparseLabels, classes: Sequence[str]) -> tuple[pa.Array, pa.Array]:
    """Returns the lists of positive and of negative names, N each."""
    full = labels.row_counts(UNOBSERVED) == 0
    if labels.rest == NEGATIVE:  # list the negatives of images that are not fully known
        labels = labels.completed(np.flatnonzero(~full))
    row, index = labels.entry_rows(), labels.classes
    positive, negative = labels.values == POSITIVE, (labels.values == NEGATIVE) & ~full[row]
    names, star = pa.array([*classes, ALL_OTHERS], pa.string()), len(classes)
    rows = np.concatenate([row[negative], np.flatnonzero(full)])
    absent = np.concatenate([index[negative], np.full(full.sum(), star, np.int32)])
    order = np.argsort(rows, kind='stable')
    return (
        _lists(row[positive], index[positive], names, len(labels)),
        _lists(rows[order], absent[order], names, len(labels)),
    )


def _lists(
    rows: NDArray[np.int64], index: NDArray[np.int32], names: pa.Array, count: int
) -> pa.Array:
    offsets = np.searchsorted(rows, np.arange(count + 1))
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), names.take(pa.array(index)))


def _content(table: pa.Table, kind: str, separator: str) -> bytes:
    file = io.BytesIO()
    if kind == '.parquet':
        parquet.write_table(table, file, write_page_checksum=True)
    elif kind in ('.csv', '.tsv'):
        delimiter = ',' if kind == '.csv' else '\t'
        file.write(delimiter.join(table.column_names).encode() + b'\n')
        for at in (1, 2):
            joined = pc.binary_join(table.column(at), separator)
            table = table.set_column(at, table.column_names[at], joined)
        csv.write_csv(table, file, csv.WriteOptions(include_header=False, delimiter=delimiter))
    else:
        lines = [json.dumps(row, ensure_ascii=False) for row in table.to_pylist()]
        text = '\n'.join(lines) if kind == '.jsonl' else '[' + ',\n'.join(lines) + ']'
        file.write(text.encode() + b'\n')
    return file.getvalue()
