"""Class names met in a table: among those given, or each a class of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.wording import nearest

from .advice import Option, advise
from .problem import RowError
from .suspect import all_numbers, combined, look, spelt_twice, suspicion

# In the negative column: every class that is not positive is known to be absent.
ALL_OTHERS = '*'
# Control signs and halves of a Unicode pair, which no file could be written with.
UNPRINTABLE = re.compile('[\0-\x1f\x7f\ud800-\udfff]')


def twins(name: str, other: str) -> str:
    """Returns that two names are seen as one, as part of a message."""
    return f'{name!a} looks just like {other!a}'


def not_utf8(error: UnicodeDecodeError) -> RowError:
    """Returns what is wrong with text that is not UTF-8."""
    what = f'is not UTF-8 text ({error.reason} at byte {error.start})'
    return RowError('not UTF-8', what, 'save the file as UTF-8')


def label_error(label: object) -> RowError:
    """Returns what is wrong with a label that is not text, or holds what no text should."""
    if isinstance(label, str):
        what = f'label {label[:40]!r} holds a line break or control sign'
        return RowError('broken labels', what, 'write the name alone')
    what = f'label {json.dumps(label, default=str)[:40]} is not text'
    return RowError('broken labels', what, 'give names, not indices')


# From so many classes on, labels that hardly ever come again are doubtful.
_MANY = 50
_OTHER = {'positive': ...}


class Vocabulary:
    """Class names and their indices: a given list, or one that grows with the names met.

    Args:
        classes: the names; None: those met, in the order they are met.
        separator: between the names of a cell.
        nothing: the word that says that no class is present; '': there is none.
    """

    def __init__(
        self, classes: Sequence[str] | None = None, separator: str = '|', nothing: str = ''
    ) -> None:
        self.closed, self.separator, self.nothing = classes is not None, separator, nothing
        self.ids = {name: index for index, name in enumerate(classes or ())}
        self._looks = {look(name): name for name in self.ids}

    def index(self, name: object) -> int | RowError:
        """Returns the index of a class, or why it has none."""
        if not isinstance(name, str):
            return label_error(name)
        if name in self.ids:
            return self.ids[name]
        if not name:
            return RowError('broken labels', 'an empty label', 'remove the extra separator')
        if name == ALL_OTHERS:
            what = f'{ALL_OTHERS!r} among the positive labels'
            return RowError('broken labels', what, 'it belongs to the negative ones')
        if other := self._looks.get(look(name)):
            fix = 'write both alike (e.g. in the form NFC)'
            return RowError('labels that look alike', f'label {twins(name, other)}', fix, name)
        if self.closed:
            return RowError('unknown label', f'unknown label {name!r}', self._hint(name), name)
        if UNPRINTABLE.search(name):
            return label_error(name)
        if why := suspicion(name):
            fix = advise(f'{_remedy(why)}, or, if it is a class, give ', Option('classes', ...))
            return RowError('doubtful label', f'label {name[:40]!r} {why}', fix, name[:40])
        self._looks[look(name)] = name
        return self.ids.setdefault(name, len(self.ids))

    def classes(self) -> tuple[str, ...]:
        """Returns the class names: as given, or sorted."""
        return tuple(self.ids) if self.closed else tuple(sorted(self.ids))

    def order(self) -> NDArray[np.int64]:
        """Returns the place in `classes` of each index so far, (C,)."""
        places = {name: place for place, name in enumerate(self.classes())}
        return np.array([places[name] for name in self.ids], np.int64)

    def doubts(self, labels: int) -> Iterator[tuple[str, RowError]]:
        """Yields a name and what is doubtful of it beside the others, if none were given.

        Args:
            labels: how many labels the table has in all.
        """
        names = () if self.closed else self.classes()
        for name, other in spelt_twice(names):
            what, fix = f'label {name!r} is nearly {other!r}', 'if they are one, write it one way'
            yield name, RowError('similar class names', what, fix, name, False)
        if len(names) > _MANY and labels < 1.2 * len(names):
            what = f'{len(names):,} classes for {labels:,} labels: each is hardly used again'
            fix = advise('if this is free text, take another column: ', Option('columns', _OTHER))
            yield names[0], RowError('labels used once', what, fix, names[0], False)
        if names and all_numbers(names):
            what = 'the labels are numbers; as classes they are sorted as text'
            fix = advise('give their names in order: ', Option('classes', ...))
            yield names[0], RowError('labels of numbers', what, fix, names[0], False)
        elif found := combined(names):
            name, sign = found
            what = f'label {name!r} looks like several labels'
            fix = advise('if it is, say ', Option('separator', sign))
            yield name, RowError('class of several names', what, fix, name, False)

    def _hint(self, name: str) -> str:
        if why := suspicion(name):
            return f'it {why}: {_remedy(why)}'
        for sign in ',;|/ ':
            if sign in name and all(part.strip() in self.ids for part in name.split(sign)):
                here = f'labels are separated by {self.separator!r} here, or say '
                return advise(here, Option('separator', sign))
        if near := nearest(name, self.ids, 0.6):
            return f'did you mean {near!r}?'
        listed = ', '.join(map(repr, list(self.ids)[:6]))
        more = f', ... ({len(self.ids)})' if len(self.ids) > 6 else ''
        return f'correct it, or add it to the classes {listed}{more}'


def _remedy(why: str) -> str:
    return 'leave the cell empty' if 'empty cell' in why else 'write the names alone'
