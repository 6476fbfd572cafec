"""Tables of labels as Parquet: columns of lists of names, of separated names, or of indicators."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import parquet, types

from wsml_mm.labels.files import one_line

from .column_names import ColumnNames
from .layout import BATCH
from .problem import RowError, RowErrors
from .rows import Columns, RecordRows, Rows, is_list

_ANEW = 'write it anew'


def read_parquet(path: Path, columns: Columns, errors: RowErrors) -> Iterator[Rows]:
    """Reads a Parquet file a batch of rows at a time.

    Args:
        path: of the file.
        columns: that are read: the images are strings, labels strings or lists of strings,
            indicators numbers, truth values or strings.
        errors: takes those of the file.
    """
    errors.place = ': row {}'
    try:
        # Pages may carry a checksum, as those of `write_table` do.
        file = parquet.ParquetFile(path, page_checksum_verification=True)
        schema = file.schema_arrow
        error = columns.error_in(schema.names, 'the file')
    except _BROKEN as broken:
        what = f'is not a Parquet file ({one_line(broken)[:120]})'
        errors.add(None, RowError('broken row', what, _ANEW))
        return
    used = [] if error else columns.used(schema.names)
    if error := error or _type_error(schema, columns, used):
        errors.add(None, error)
        return
    at = 1
    batches = file.iter_batches(batch_size=BATCH, columns=used)
    while True:
        try:
            batch = next(batches, None)
            if batch is not None:
                batch.validate(full=True)  # text of a damaged page may be no UTF-8
        except _BROKEN as broken:
            what = f'cannot be read from here on ({one_line(broken)[:120]})'
            errors.add(at, RowError('broken row', what, 'copy the file again, or write it anew'))
            return
        if batch is None:
            return
        yield RecordRows(np.arange(at, at + len(batch)), batch)
        at += len(batch)


# pyarrow raises its own kinds and Python's on damaged files.
_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, IndexError)


def _type_error(schema: pa.Schema, columns: Columns, used: Sequence[str]) -> RowError | None:
    lists = isinstance(columns, ColumnNames)
    for name in used:
        kind, is_image = schema.field(name).type, name == columns.image
        if is_image or lists:
            right, fix = _is_text(kind, not is_image), 'write lists of class names'
            fix = 'write strings' if is_image else fix
        else:
            right, fix = _is_sign(kind), 'write numbers, truth values or strings'
        if not right:
            return RowError('header', f'column {name!r} holds {kind}', fix)
    return None


def _is_text(kind: pa.DataType, lists: bool) -> bool:
    if lists and is_list(kind):
        kind = kind.value_type
    if types.is_dictionary(kind):
        kind = kind.value_type
    return _is_string(kind) or bool(types.is_null(kind))


def _is_string(kind: pa.DataType) -> bool:
    return bool(types.is_string(kind) or types.is_large_string(kind))


def _is_sign(kind: pa.DataType) -> bool:
    if types.is_dictionary(kind):
        kind = kind.value_type
    number = types.is_integer(kind) or types.is_floating(kind) or types.is_decimal(kind)
    return bool(number or types.is_boolean(kind) or types.is_null(kind)) or _is_string(kind)
