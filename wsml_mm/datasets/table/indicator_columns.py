"""Which columns of a table of indicators are classes, and what is wrong with them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from wsml_mm.labels.wording import nearest

from .advice import Option, advise
from .class_file import distinct_classes
from .classes import UNPRINTABLE
from .column_names import ColumnNames
from .layout import TableFormat
from .problem import RowError
from .suspect import suspicion

# As pandas calls the column of row numbers.
_INDEX = re.compile(r'Unnamed: \d+|__index_level_\d+__')


class IndicatorColumns:
    """The columns of a table of indicators: those of the classes given, or all but the ignored.

    A column without a name, or with one that pandas gives to row numbers, is not read.

    Args:
        layout: how the table is to be read.
        classes: whose columns are read, in order; None: those of all other columns, as they stand.
    """

    def __init__(self, layout: TableFormat, classes: Sequence[str] | None) -> None:
        self._names: ColumnNames = layout.columns
        self.image, self.ignored = layout.columns.image, list(layout.ignored)
        self._given = None if classes is None else list(classes)
        self.classes: tuple[str, ...] = tuple(classes or ())
        self.unread: list[str] = []

    @property
    def open(self) -> bool:
        """Whether the columns say what the classes are."""
        return self._given is None

    def error_in(self, found: Sequence[str], first: str = 'the header') -> RowError | None:
        """Returns what is wrong with the columns of a file; sets `classes` and `unread`."""
        error = self._error_in(found, first)
        read = {self.image, *self.classes}
        self.unread = [name for name in found if name not in read]
        return error

    def _error_in(self, found: Sequence[str], first: str) -> RowError | None:
        if error := self._names.image_error_in(found, first):
            return error
        for name in self.ignored:
            if name not in found or name == self.image or name in (self._given or ()):
                what = f'{first} has no {name!r}' if name not in found else f'{name!r} is read'
                fix = f'{_meant(name, found)}correct ignored'
                return RowError('header', f'{what}, which is to be ignored', fix)
        if self._given is not None:
            return self._error_of_given(found, first)
        unread = {'', self.image, *self.ignored}
        rest = [name for name in found if name not in unread and not _INDEX.fullmatch(name)]
        for name in rest:
            if why := 'holds a control sign' if UNPRINTABLE.search(name) else suspicion(name):
                fix = advise('rename it, or, if it is no class, say ', self.without([name]))
                return RowError('header', f'column {name[:40]!r} {why}', fix)
        problems: list[str] = []
        distinct = distinct_classes(
            [(first, name) for name in rest], lambda problem: problems.append(problem.what)
        )
        if problems:
            return RowError('header', f'{first}: {problems[0]}', 'keep one column')
        if not distinct:
            what = f'{first} has no column but {self.image!r} that is read'
            return RowError('header', what, 'add a column for each class')
        self.classes = distinct
        return None

    def _error_of_given(self, found: Sequence[str], first: str) -> RowError | None:
        counts = Counter(found)
        for name in self.classes:
            if counts[name] > 1:
                return RowError('header', f'{first} has {name!r} twice', 'keep one column')
            if not counts[name]:
                fix = f'{_meant(name, found)}add it, or remove the class'
                return RowError('header', f'{first} has no column for class {name!r}', fix)
        return None

    def used(self, found: Sequence[str]) -> list[str]:
        """Returns those of a file's columns that are read."""
        return [self.image, *self.classes]

    def notes(self) -> list[str]:
        """Returns which columns were not read, as a line, if there are any."""
        listed = ', '.join(map(repr, self.unread[:20])) + (', ...' if len(self.unread) > 20 else '')
        return [f'columns not read: {listed}'] if self.unread else []

    def without(self, names: Sequence[str]) -> Option:
        """Returns the option that also leaves some columns unread."""
        return Option('ignored', [*self.ignored, *names])


def _meant(name: str, found: Sequence[str]) -> str:
    near = nearest(name, found)
    return f'is {near!r} meant? ' if near else ''
