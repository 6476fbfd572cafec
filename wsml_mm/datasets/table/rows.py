"""The rows of a label table, whatever file it is kept in."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .fault import Fault

# A cell of labels: separated names, or a list of names.
Cell = Any


class Row(NamedTuple):
    """One row as it stands in the file.

    Args:
        line: where it begins, or its number where the file has no lines.
        image: the image's name.
        positive: the cell of positive labels.
        negative: the cell of known negative labels.
    """

    line: int
    image: Any
    positive: Cell
    negative: Cell


@dataclass
class RowSource:
    """An opened table.

    Args:
        path: of the file.
        rows: in the file's order.
        place: how the place of a row follows the file's name.
        classes: the class names that the file itself lists.
    """

    path: Path
    rows: Iterator[Row] = field(default_factory=lambda: iter(()))
    place: str = ':{}'
    classes: tuple[str, ...] | None = None

    def where(self, line: int) -> str:
        """Returns the place of a row, for messages."""
        return f'{self.path}{self.place.format(line)}'


class ColumnNames(NamedTuple):
    """What the columns of a table are called."""

    image: str = 'image'
    positive: str = 'positive'
    negative: str = 'negative'

    @classmethod
    def of(cls, names: Mapping[str, str] | None) -> ColumnNames:
        """Returns the names, those given replacing the usual ones.

        Raises:
            ValueError: if a key is no column or two columns have one name.
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

    def fault_in(self, found: Sequence[str], where: str, first: str = 'the header') -> Fault | None:
        """Returns what is wrong with the columns of a file: one is missing, or nearly named.

        A column without meaning here is no fault, unless it looks like one that is missing: the
        absences in a column 'negatives' must not go unread.
        """
        listed = ', '.join(map(repr, found[:6])) or 'nothing'
        for key, name in zip(self._fields, self, strict=True):
            if found.count(name) > 1:
                return Fault('header', where, f'{first} has {name!r} twice', 'keep one column')
            if name in found:
                continue
            near = difflib.get_close_matches(
                name.casefold(), [f.casefold() for f in found if f not in self], 1, 0.75
            )
            if key != 'negative' or near:
                hint = f' (is {near[0]!r} meant?)' if near else ''
                return Fault(
                    'header',
                    where,
                    f'{first} has no {name!r}, only {listed}{hint}',
                    f'name the columns {", ".join(self)}, or say columns=dict({key}=...)',
                )
        return None
