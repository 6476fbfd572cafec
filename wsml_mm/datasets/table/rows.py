"""Rows of a file, whichever kind it is: its columns as text, or as codes of their signs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import types

from .column_names import ColumnNames
from .layout import LISTS, Batch
from .problem import RowError
from .signs import SignBook


class Columns(Protocol):
    """Which columns of a file are read."""

    @property
    def image(self) -> str:
        """The column of images."""

    def error_in(self, found: Sequence[str], first: str = 'the header') -> RowError | None:
        """Returns what is wrong with the columns of a file."""

    def used(self, found: Sequence[str]) -> list[str]:
        """Returns those of a file's columns that are read."""


class Rows(Protocol):
    """Some rows as they stand in the file; `lines` (N,) says where each begins."""

    lines: NDArray[np.int64]

    def column(self, name: str) -> pa.Array:
        """Returns the N cells of a column as text, or as lists of text."""

    def values(self, name: str) -> pa.Array:
        """Returns the N cells of a column as they are."""

    def codes(self, names: Sequence[str], book: SignBook) -> NDArray[np.int8]:
        """Returns the codes of the signs of K columns, (N, K)."""


class TextRows:
    """Rows of a text file.

    Args:
        lines: (N,) where each begins.
        cells: the N * W cells, row by row.
        header: the W names of the columns.
    """

    def __init__(self, lines: NDArray[np.int64], cells: pa.Array, header: Sequence[str]) -> None:
        self.lines, self._cells, self._width = lines, cells, len(header)
        self._place = {name: place for place, name in enumerate(header)}

    def column(self, name: str) -> pa.Array:
        """Returns the N cells of a column; all empty if there is no such column."""
        if name not in self._place:
            return pa.repeat('', len(self.lines))
        return self._cells.take(self._places([name]).ravel())

    values = column

    def codes(self, names: Sequence[str], book: SignBook) -> NDArray[np.int8]:
        """Returns the codes of the signs of K columns, (N, K)."""
        columns = np.array([self._place[name] for name in names], np.int64)
        shape = (len(self.lines), self._width)
        _, offsets, text = self._cells.buffers()
        begins = np.frombuffer(offsets, np.int32)[: len(self._cells) + 1]
        lengths = np.diff(begins)
        # A cell of one sign or none, as nearly all are, needs no text of its own.
        signs = np.append(np.frombuffer(text or b'', np.uint8), np.uint8(0))[begins[:-1]]
        found = book.codes(map(chr, range(256)))[signs]
        found[lengths == 0] = book.codes([''])[0]
        codes: NDArray[np.int8] = found.reshape(shape).take(columns, axis=1)
        longer = np.nonzero(lengths.reshape(shape).take(columns, axis=1) > 1)
        if len(longer[0]):
            places = longer[0] * self._width + columns[longer[1]]
            codes[longer] = _coded(
                self._cells.take(pa.array(places)).dictionary_encode('encode'), book
            )
        return codes

    def _places(self, names: Sequence[str]) -> NDArray[np.int64]:
        columns = np.array([self._place[name] for name in names], np.int64)
        return np.arange(len(self.lines))[:, None] * self._width + columns


class RecordRows:
    """Rows of a file with typed columns.

    Args:
        lines: (N,) the number of each.
        batch: the rows.
    """

    def __init__(self, lines: NDArray[np.int64], batch: pa.RecordBatch) -> None:
        self.lines, self._batch = lines, batch

    def values(self, name: str) -> pa.Array:
        """Returns the N cells of a column as they are."""
        return self._batch.column(name)

    def column(self, name: str) -> pa.Array:
        """Returns the N cells of a column as text or lists; all null if there is none."""
        if name not in self._batch.schema.names:
            return pa.nulls(len(self._batch), LISTS)
        column = self.values(name)
        return column.cast(LISTS if is_list(column.type) else pa.string())

    def codes(self, names: Sequence[str], book: SignBook) -> NDArray[np.int8]:
        """Returns the codes of the signs of K columns, (N, K)."""
        coded = np.empty((len(self._batch), len(names)), np.int8)
        for place, name in enumerate(names):
            found = self.values(name)
            if not types.is_dictionary(found.type):
                found = found.dictionary_encode('encode')
            coded[:, place] = _coded(found, book)
        return coded


def is_list(kind: pa.DataType) -> bool:
    """Tells whether cells of a type are lists."""
    return bool(types.is_list(kind) or types.is_large_list(kind))


def listed(rows: Rows, names: ColumnNames) -> Batch:
    """Returns the cells of rows that list their labels."""
    return Batch(rows.lines, *(rows.column(name) for name in names))


def _coded(found: pa.DictionaryArray, book: SignBook) -> Any:
    # A dictionary of the file itself may leave out the null that its indices have.
    codes = book.codes([*found.dictionary.to_pylist(), None])
    return codes[found.indices.fill_null(len(found.dictionary)).to_numpy(zero_copy_only=False)]
