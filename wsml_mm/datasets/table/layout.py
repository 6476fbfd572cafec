"""How a table of labels is to be read: its columns, separator and what is not listed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED

from .classes import ALL_OTHERS
from .problem import RowError

UNLISTED = {'unobserved': UNOBSERVED, 'negative': NEGATIVE}
DUPLICATES = ('refuse', 'merge')
SUFFIXES = ('.csv', '.tsv', '.parquet', '.json', '.jsonl')
BATCH = 1 << 12  # rows looked at together
LISTS = pa.list_(pa.string())


class ColumnNames(NamedTuple):
    """What the columns of a table are called."""

    image: str = 'image'
    positive: str = 'positive'
    negative: str = 'negative'

    @classmethod
    def of(cls, names: Mapping[str, str] | None) -> ColumnNames:
        """Returns the names, those given replacing the usual ones.

        Raises:
            ValueError: if a key is not a column or two columns have one name.
        """
        names = dict(names or {})
        if unknown := set(names) - set(cls._fields):
            raise ValueError(
                f'columns={names}: unknown {unknown.pop()!r}; use {", ".join(cls._fields)}'
            )
        found = cls(**names)
        if len(set(found)) < len(found):
            raise ValueError(f'columns={names}: two columns have one name; name each')
        return found

    def error_in(self, found: Sequence[str], first: str = 'the header') -> RowError | None:
        """Returns what is wrong with the columns of a file: one is missing, or nearly named.

        A column without meaning here is not an error, unless it looks like one that is missing: the
        absences in a column 'negatives' must not go unread.
        """
        listed = ', '.join(map(repr, found[:6])) or 'nothing'
        for key, name in zip(self._fields, self, strict=True):
            if found.count(name) > 1:
                return RowError('header', f'{first} has {name!r} twice', 'keep one column')
            if name in found:
                continue
            others = [other.casefold() for other in found if other not in self]
            near = difflib.get_close_matches(name.casefold(), others, 1, 0.75)
            if key != 'negative' or near:
                hint = f' (is {near[0]!r} meant?)' if near else ''
                fix = f'name the columns {", ".join(self)}, or say columns=dict({key}=...)'
                return RowError('header', f'{first} has no {name!r}, only {listed}{hint}', fix)
        return None


@dataclass(frozen=True)
class TableFormat:
    """How a table is to be read.

    Args:
        columns: the names of its columns.
        separator: between the labels of one cell.
        unlisted: what a label that no cell lists is: 'unobserved' or 'negative'; None: unobserved,
            but negative beside `gt_label` in MMPretrain's JSON, as MMPretrain reads it.
        duplicates: 'refuse' an image that is listed twice, or 'merge' its rows.

    Raises:
        ValueError: if a value is unknown.
    """

    columns: ColumnNames = field(default_factory=ColumnNames)
    separator: str = '|'
    unlisted: str | None = None
    duplicates: str = 'refuse'

    def __post_init__(self) -> None:
        if self.unlisted not in (None, *UNLISTED):
            raise ValueError(f'unlisted={self.unlisted!r}: use "unobserved" or "negative"')
        if self.duplicates not in DUPLICATES:
            raise ValueError(f'duplicates={self.duplicates!r}: use "refuse" or "merge"')
        if not self.separator or self.separator.strip() == ALL_OTHERS:
            raise ValueError(f'separator={self.separator!r}: use a sign like "|" or ";"')

    @property
    def rest(self) -> int:
        """The value of labels that no cell lists."""
        return UNOBSERVED if self.unlisted is None else UNLISTED[self.unlisted]


class Batch(NamedTuple):
    """Some rows as they stand in the file.

    Args:
        lines: (N,) where each begins, or its number where the file has no lines.
        images: N names, or null.
        positive: N cells of separated names, lists of names, or null.
        negative: likewise.
    """

    lines: NDArray[np.int64]
    images: pa.Array
    positive: pa.Array
    negative: pa.Array


def batches(rows: Iterable[tuple[int, Any, Any, Any]], cells: pa.DataType) -> Iterator[Batch]:
    """Yields rows of line, image, positive and negative cell as batches; cells are of one type."""
    rows = iter(rows)
    while some := list(islice(rows, BATCH)):
        lines, images, positive, negative = zip(*some, strict=True)
        columns = [
            pa.array(images, pa.string()),
            *(pa.array(c, cells) for c in (positive, negative)),
        ]
        yield Batch(np.array(lines, np.int64), *columns)
