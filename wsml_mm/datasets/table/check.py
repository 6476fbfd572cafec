"""Rows of a table checked and made labels, a batch at a time and each name looked at once."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

from .cells import lists_of
from .classes import ALL_OTHERS, Vocabulary
from .image_names import ImageNames
from .layout import Batch, TableFormat
from .merge import unite
from .problem import RowError, RowErrors

_WRONG, _STAR = -1, -2  # instead of a class


class CheckedRows(NamedTuple):
    """Rows whose images and labels are sound.

    Args:
        images: N names.
        lines: (N,) where each begins.
        full: (N,) every class that is not listed is negative.
        labels: (N, C), by the indices of the vocabulary so far; unlisted ones are unobserved.
    """

    images: pa.Array
    lines: NDArray[np.int64]
    full: NDArray[np.bool_]
    labels: SparseLabels


def check_batch(
    batch: Batch, vocabulary: Vocabulary, errors: RowErrors, named: ImageNames | None = None
) -> CheckedRows:
    """Returns the rows that name an image, with their sound labels.

    Args:
        batch: rows as they stand in the file.
        vocabulary: of class names.
        errors: takes all that is wrong.
        named: names the image files; None: in the usual way.
    """
    batch = _with_images(batch, errors, named or ImageNames(TableFormat()))
    present, absent = (_side(batch, side, vocabulary, errors) for side in ('positive', 'negative'))
    for at in np.flatnonzero(present.star & np.isin(np.arange(len(present.star)), present.rows)):
        what = f'{vocabulary.nothing!r} stands beside other labels'
        error = RowError('contradiction', what, 'keep what is right', vocabulary.nothing)
        _note(batch, int(at), error, errors)
        present.star[at] = False
    row = np.concatenate([present.rows, absent.rows])
    index = np.concatenate([present.classes, absent.classes])
    value = np.full(len(row), NEGATIVE, np.int8)
    value[: len(present.rows)] = POSITIVE
    united = unite(row, index, value)
    names = list(vocabulary.ids)
    for at in united.repeated:
        what = f'label {names[index[at]]!r} is listed twice'
        error = RowError('label listed twice', what, 'list it once', names[index[at]])
        _note(batch, int(row[at]), error, errors)
    for _, at in united.clashes:
        error = contradiction(names[index[at]])
        _note(batch, int(row[at]), error, errors)
    kept, rows = united.kept, len(batch.lines)
    indptr = np.searchsorted(row[kept], np.arange(rows + 1))
    labels = SparseLabels(
        indptr.astype(np.int64), index[kept].astype(np.int32), value[kept], len(names), UNOBSERVED
    )
    return CheckedRows(batch.images, batch.lines, absent.star | present.star, labels)


def contradiction(name: str, also: str = '') -> RowError:
    """Returns the error of a label on both sides; `also` says where the other one is."""
    what = f'label {name!r} is both positive and negative{also}'
    return RowError('contradiction', what, 'keep the one that is right', name)


def _with_images(batch: Batch, errors: RowErrors, named: ImageNames) -> Batch:
    """Returns the rows with the tidy names of their images, those without one left out."""
    images = named(batch.images, batch.lines, errors)
    if not images.null_count:
        return batch._replace(images=images)
    valid = images.is_valid()
    sides = (cells.filter(valid) for cells in (batch.positive, batch.negative))
    lines = batch.lines[valid.to_numpy(zero_copy_only=False)]
    return Batch(lines, images.filter(valid), *sides)


class _Side(NamedTuple):
    """The sound labels of one column: row and class index of each, and rows of which all is said.

    Those have a `*` among the negatives, or the word for 'no class' among the positives.
    """

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    star: NDArray[np.bool_]


def _side(batch: Batch, side: str, vocabulary: Vocabulary, errors: RowErrors) -> _Side:
    cells = lists_of(getattr(batch, side), vocabulary)
    lengths = pc.list_value_length(cells).fill_null(0).to_numpy()
    row = np.repeat(np.arange(len(lengths)), lengths)
    names = pc.utf8_trim_whitespace(cells.flatten()).dictionary_encode('encode')
    place = names.indices.to_numpy()
    word = ALL_OTHERS if side == 'negative' else vocabulary.nothing
    found = [
        _STAR if word and name == word else vocabulary.index(name)
        for name in names.dictionary.to_pylist()
    ]
    index = np.array([_WRONG if isinstance(f, RowError) else f for f in found], np.int64)[place]
    for at in np.flatnonzero(index == _WRONG):
        error = found[place[at]]
        assert isinstance(error, RowError)
        _note(batch, int(row[at]), error, errors)
    star = np.zeros(len(lengths), bool)
    star[row[index == _STAR]] = True
    return _Side(row[index >= 0], index[index >= 0], star)


def _note(batch: Batch, row: int, error: RowError, errors: RowErrors) -> None:
    errors.add(int(batch.lines[row]), error, batch.images[row].as_py())
