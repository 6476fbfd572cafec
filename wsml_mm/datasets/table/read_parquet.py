"""Tables of labels as Parquet: columns of lists of names, or of separated names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet, types

from wsml_mm.labels.files import one_line

from .layout import BATCH, LISTS, Batch, ColumnNames
from .problem import RowError, RowErrors


def read_parquet(path: Path, names: ColumnNames, errors: RowErrors) -> Iterator[Batch]:
    """Reads a Parquet file a batch of rows at a time.

    Args:
        path: of the file.
        names: of its columns: `image` of strings, the others of strings or lists of strings.
        errors: takes those of the file.
    """
    errors.place = ': row {}'
    try:
        file = parquet.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        errors.add(None, _broken(f'is not a Parquet file ({one_line(error)[:120]})'))
        return
    if wrong := _error_in(file.schema_arrow, names):
        errors.add(None, wrong)
        return
    at = 1
    used = [name for name in names if name in file.schema_arrow.names]
    try:
        for rows in file.iter_batches(batch_size=BATCH, columns=used):
            columns = [_column(rows, name, used) for name in names]
            yield Batch(np.arange(at, at + len(rows)), *columns)
            at += len(rows)
    except (pa.ArrowException, OSError) as error:
        errors.add(at, _broken(f'cannot be read from here on ({one_line(error)[:120]})'))


def _error_in(schema: pa.Schema, names: ColumnNames) -> RowError | None:
    if error := names.error_in(schema.names, 'the file'):
        return error
    for name in names:
        if name in schema.names and not _is_text(schema.field(name).type, name != names.image):
            fix = 'write strings' if name == names.image else 'write lists of class names'
            return RowError('header', f'column {name!r} holds {schema.field(name).type}', fix)
    return None


def _is_text(kind: pa.DataType, lists: bool) -> bool:
    if lists and _is_list(kind):
        kind = kind.value_type
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind))


def _is_list(kind: pa.DataType) -> bool:
    return bool(types.is_list(kind) or types.is_large_list(kind))


def _column(rows: pa.RecordBatch, name: str, used: list[str]) -> pa.Array:
    if name not in used:
        return pa.nulls(len(rows), LISTS)
    column = rows.column(name)
    return column.cast(LISTS if _is_list(column.type) else pa.string())


def _broken(what: str) -> RowError:
    return RowError('broken row', what, 'write it anew')
