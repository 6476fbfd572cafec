"""Cells of labels: names to class indices, each name and each cell looked at once."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .rows import Cell

# In the negative column: every class that is not positive is known to be absent.
ALL_OTHERS = '*'
_REMEMBERED = 1 << 16  # cells
# Control signs and halves of a Unicode pair, which no file could be written with.
UNPRINTABLE = re.compile('[\0-\x1f\x7f\ud800-\udfff]')


class Wrong(NamedTuple):
    """What is wrong within a row; see `Fault`."""

    kind: str
    what: str
    mend: str
    subject: str = ''


class CellLabels(NamedTuple):
    """The labels of one cell.

    Args:
        ids: ascending class indices.
        all_others: the cell has `*`.
    """

    ids: tuple[int, ...] = ()
    all_others: bool = False


NO_LABELS = CellLabels()


class Vocabulary:
    """Class names and their indices: a given list, or one that grows with the names met.

    Args:
        classes: the names; None: those met, in the order they are met.
        separator: between the names of a cell, for the message.
    """

    def __init__(self, classes: Sequence[str] | None = None, separator: str = '|') -> None:
        self.closed, self.separator = classes is not None, separator
        self.ids = {name: index for index, name in enumerate(classes or ())}

    def wrong(self, name: str) -> Wrong | None:
        """Returns what is wrong with a name; where nothing is, the name has an index."""
        if name in self.ids:
            return None
        if not name:
            return Wrong('broken labels', 'an empty label', 'remove the extra separator')
        if name == ALL_OTHERS:
            what = f'{ALL_OTHERS!r} among the positive labels'
            return Wrong('broken labels', what, 'it belongs to the negative ones')
        if self.closed:
            return Wrong('unknown label', f'unknown label {name!r}', self._hint(name), name)
        if UNPRINTABLE.search(name):
            what = f'label {name[:40]!r} holds a line break or control sign'
            return Wrong('broken labels', what, 'write the name alone')
        self.ids[name] = len(self.ids)
        return None

    def classes(self) -> tuple[str, ...]:
        """Returns the class names: as given, or sorted."""
        return tuple(self.ids) if self.closed else tuple(sorted(self.ids))

    def order(self) -> NDArray[np.int64]:
        """Returns the place in `classes` of each index so far, (C,)."""
        places = {name: place for place, name in enumerate(self.classes())}
        return np.array([places[name] for name in self.ids], np.int64)

    def _hint(self, name: str) -> str:
        for sign in ',;|/':
            if sign in name and all(part.strip() in self.ids for part in name.split(sign)):
                return f'labels are separated by {self.separator!r} here, or say separator={sign!r}'
        folded = {known.casefold(): known for known in self.ids}
        if near := difflib.get_close_matches(name.casefold(), folded, 1, 0.6):
            return f'did you mean {folded[near[0]]!r}?'
        listed = ', '.join(map(repr, list(self.ids)[:6]))
        more = f', ... ({len(self.ids)})' if len(self.ids) > 6 else ''
        return f'mend it, or add it to the classes {listed}{more}'


class CellReader:
    """Reads cells of labels; a faultless cell is parsed once, however often it comes.

    Args:
        vocabulary: of class names.
        separator: between the names of a cell.
        tell: takes what is wrong with the cell at hand.
    """

    def __init__(
        self, vocabulary: Vocabulary, separator: str, tell: Callable[[Wrong], None]
    ) -> None:
        self.vocabulary, self.separator, self.tell = vocabulary, separator, tell
        self._seen: tuple[dict[Cell, CellLabels], dict[Cell, CellLabels]] = ({}, {})

    def read(self, cell: Cell, negative: bool) -> CellLabels:
        """Returns the labels of a cell, those at fault left out.

        Args:
            cell: separated names, a list of names, or None.
            negative: whether it is of the negative column, which may say `*`.
        """
        if not cell:
            return NO_LABELS
        key = tuple(cell) if isinstance(cell, list) else cell
        seen = self._seen[negative]
        try:
            if (found := seen.get(key)) is not None:
                return found
        except TypeError:  # a list of lists; `_parse` says so
            pass
        wrongs: list[Wrong] = []
        found = self._parse(cell, negative, wrongs)
        for wrong in wrongs:
            self.tell(wrong)
        if not wrongs and len(seen) < _REMEMBERED:
            seen[key] = found
        return found

    def _parse(self, cell: Cell, negative: bool, wrongs: list[Wrong]) -> CellLabels:
        if isinstance(cell, str):
            cell = cell.split(self.separator) if cell.strip() else []
        if not isinstance(cell, list):
            wrongs.append(Wrong('broken labels', f'{_shown(cell)} is no list', 'list class names'))
            return NO_LABELS
        ids: set[int] = set()
        all_others = False
        for name in cell:
            if not isinstance(name, str):
                what = f'label {_shown(name)} is no text'
                wrongs.append(Wrong('broken labels', what, 'give names, not indices'))
                continue
            name = name.strip()
            if negative and name == ALL_OTHERS:
                all_others = True
            elif wrong := self.vocabulary.wrong(name):
                wrongs.append(wrong)
            elif (index := self.vocabulary.ids[name]) in ids:
                what = f'label {name!r} is listed twice'
                wrongs.append(Wrong('label listed twice', what, 'list it once', name))
            else:
                ids.add(index)
        return CellLabels(tuple(sorted(ids)), all_others)


def _shown(value: object) -> str:
    return json.dumps(value, default=str)[:40]
