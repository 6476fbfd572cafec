"""Tables with one column a class, whose cells have signs: 1, 0, blank, -1, ..."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.pairs import indptr_of
from wsml_mm.labels.sparse import SparseLabels

from .advice import Option, advise
from .check import CheckedRows
from .image_names import ImageNames
from .indicator_columns import IndicatorColumns
from .layout import TableFormat
from .problem import RowError, RowErrors
from .rows import Rows
from .signs import BLANK, SignBook, read_signs, sign


class IndicatorChecker:
    """Makes the rows of a table of indicators labels, a batch at a time.

    Args:
        columns: of the table, once its header is read.
        layout: how the table is to be read.
    """

    def __init__(self, columns: IndicatorColumns, layout: TableFormat) -> None:
        self.columns, self.named = columns, ImageNames(layout)
        self.book = SignBook(read_signs(layout.signs))
        self._told: dict[str, list[str]] = {}

    def check(self, rows: Rows, errors: RowErrors) -> CheckedRows:
        """Returns the rows that name an image, with the labels that their signs say.

        Args:
            rows: as they stand in the file.
            errors: takes all that is wrong.
        """
        images = self.named(rows.column(self.columns.image), rows.lines, errors)
        codes = rows.codes(self.columns.classes, self.book)
        self.book.count(codes)
        self._check_signs(rows, codes == self.book.unknown, images, errors)
        named = images.is_valid().to_numpy(zero_copy_only=False)
        labels, full = _labels(self.book.label_of[codes[named]])
        return CheckedRows(images.drop_null(), rows.lines[named], full, labels)

    def _check_signs(
        self, rows: Rows, unknown: NDArray[np.bool_], images: pa.Array, errors: RowErrors
    ) -> None:
        """Tells of each sign without a meaning where it is met first in a column.

        Of a column that holds words, which is hardly one of indicators, one is told.
        """
        new: list[tuple[int, str, str]] = []  # row, column and sign
        for place in map(int, np.flatnonzero(unknown.any(0))):
            name = self.columns.classes[place]
            told = self._told.setdefault(name, [])
            if not all(map(_may_be_sign, told)):
                continue
            found = _first_met(rows, name, np.flatnonzero(unknown[:, place]))
            words = [(row, word) for row, word in found if not _may_be_sign(word)]
            for row, word in words[:1] or found:
                if word not in told:
                    told.append(word)
                    new.append((row, name, word))
        for row, name, word in new:
            image = images[row].as_py() or ''
            errors.add(int(rows.lines[row]), self._unknown_sign(name, word), image)

    def _unknown_sign(self, name: str, word: str) -> RowError:
        shown = 'a blank cell' if word == BLANK else repr(word[:40])
        what = f'column {name!r} holds {shown}, of which nothing is said'
        met = dict.fromkeys(word for words in self._told.values() for word in words)
        signs = [one for one in met if _may_be_sign(one)] if _may_be_sign(word) else [word]
        meaning: tuple[str | Option, ...] = (
            'say whether it is positive, negative or unobserved, e.g. ',
            self.book.extended(signs),
        )
        others = [n for n, words in self._told.items() if not all(map(_may_be_sign, words))]
        if not self.columns.open:
            fix = advise(*meaning)
        elif _may_be_sign(word):
            fix = advise(*meaning, '; if it is no class, say ', self.columns.without([name]))
        else:
            unread = self.columns.without(others)
            fix = advise('if it is no class, say ', unread, '; else correct it, or ', *meaning)
        return RowError('unknown sign', what, fix, word[:40])


def _may_be_sign(word: str) -> bool:
    return word in (BLANK, '-1')


def _first_met(rows: Rows, name: str, at: NDArray[np.int64]) -> list[tuple[int, str]]:
    """Returns each sign that some rows of a column hold, and the first row of each."""
    cells = rows.values(name).take(pa.array(at))
    if not pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_encode('encode')
    _, first = np.unique(cells.indices.fill_null(-1).to_numpy(), return_index=True)
    return [(int(at[place]), sign(cells[int(place)].as_py())) for place in np.sort(first)]


def _labels(values: NDArray[np.int8]) -> tuple[SparseLabels, NDArray[np.bool_]]:
    """Returns a matrix (N, C) of labels as rows, and which rows are known in full.

    Rows that are known in full list their positive labels only.
    """
    width = values.shape[1]
    full = (values != UNOBSERVED).all(1) & bool(width)
    listed = (values == POSITIVE) | ((values == NEGATIVE) & ~full[:, None])
    at = np.flatnonzero(listed)
    indptr = indptr_of(np.count_nonzero(listed, axis=1))
    found = SparseLabels(
        indptr, (at % max(1, width)).astype(np.int32), values.ravel()[at], width, UNOBSERVED
    )
    return found, full
