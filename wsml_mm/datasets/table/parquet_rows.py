"""Tables of labels as Parquet: columns of lists of names, or of separated names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wsml_mm.labels.files import one_line

from .fault import Fault, Report
from .rows import ColumnNames, Row, RowSource

_BATCH = 8192  # rows held as Python objects at a time


def open_parquet(path: Path, names: ColumnNames, report: Report) -> RowSource:
    """Opens a Parquet file, which is then read in batches of rows.

    Args:
        path: of the file.
        names: of its columns: `image` of strings, the others of strings or lists of strings.
        report: takes the faults of the file.

    Raises:
        ModuleNotFoundError: without pyarrow.
    """
    try:
        from pyarrow import ArrowException, parquet  # type: ignore[import-untyped]
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'{path}: reading Parquet needs pyarrow: pip install "wsml_mm[data]"', name=error.name
        ) from error
    try:
        file = parquet.ParquetFile(path)
    except (ArrowException, OSError) as error:
        what = f'is no Parquet file ({one_line(error)[:120]})'
        report(Fault('broken row', str(path), what, 'write it anew'))
        return RowSource(path)
    schema = file.schema_arrow
    fault = names.fault_in(schema.names, str(path), 'the file')
    used = [name for name in names if name in schema.names]
    for name in () if fault else used:
        if not _is_text(schema.field(name).type, lists=name != names.image):
            what = f'column {name!r} holds {schema.field(name).type}'
            mend = 'write strings' if name == names.image else 'write lists of class names'
            fault = Fault('header', str(path), what, mend)
    if fault:
        report(fault)
        return RowSource(path)
    return RowSource(path, _rows(file, names, used), ': row {}')


def _is_text(kind: Any, lists: bool) -> bool:
    from pyarrow import types

    if lists and (types.is_list(kind) or types.is_large_list(kind)):
        kind = kind.value_type
    if types.is_dictionary(kind):
        kind = kind.value_type
    return bool(types.is_string(kind) or types.is_large_string(kind) or types.is_null(kind))


def _rows(file: Any, names: ColumnNames, used: list[str]) -> Iterator[Row]:
    at = 0
    for batch in file.iter_batches(batch_size=_BATCH, columns=used):
        columns = [batch.column(name).to_pylist() if name in used else None for name in names]
        for place in range(batch.num_rows):
            at += 1
            yield Row(at, *(None if column is None else column[place] for column in columns))
