"""Tables of labels as Parquet: columns of lists of names, of separated names, or of indicators."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
        header = [name.strip() for name in schema.names]
        error = columns.error_in(header, 'the file')
    except _BROKEN as broken:
        what = f'is not a Parquet file ({one_line(broken)[:120]})'
        errors.add(None, RowError('broken row', what, _ANEW))
        return
    names = dict(zip(header, schema.names, strict=True))
    used = [] if error else columns.used(header)
    kinds = {name: schema.field(names[name]).type for name in used}
    if error := error or _type_error(kinds, columns):
        errors.add(None, error)
        return
    at = 1
    batches = file.iter_batches(batch_size=BATCH, columns=[names[name] for name in used])
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
        batch = batch.rename_columns([name.strip() for name in batch.schema.names])
        yield RecordRows(np.arange(at, at + len(batch)), batch)
        at += len(batch)


# pyarrow raises its own kinds and Python's on damaged files.
_BROKEN = (pa.ArrowException, OSError, ValueError, OverflowError, MemoryError, IndexError)


def _type_error(kinds: Mapping[str, pa.DataType], columns: Columns) -> RowError | None:
    lists = isinstance(columns, ColumnNames)
    for name, kind in kinds.items():
        is_image = name == columns.image
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
