"""What the columns of a table are called, and what is wrong with those of a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from wsml_mm.labels.wording import nearest

from .advice import Option, advise
from .problem import RowError

_HAVE = {'indicators': 'each class has a column', 'images': 'there are no labels'}


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
        said = Option('columns', names)
        if unknown := set(names) - set(cls._fields):
            use = ', '.join(cls._fields)
            raise ValueError(advise(said, f': unknown {unknown.pop()!r}; use {use}'))
        found = cls(**names)
        if len(set(found)) < len(found):
            raise ValueError(advise(said, ': two columns have one name; name each'))
        return found

    def error_in(
        self,
        found: Sequence[str],
        first: str = 'the header',
        layouts: Sequence[str] = ('indicators', 'images'),
    ) -> RowError | None:
        """Returns what is wrong with the columns of a file: one is missing, or nearly named.

        A column without meaning here is not an error, unless it looks like one that is missing: the
        absences in a column 'negatives' must not go unread.

        Args:
            found: the names of the file's columns.
            first: what has them, for the message.
            layouts: that the file may have where no column is one of labels.
        """
        for name in self:
            if found.count(name) > 1:
                return RowError('header', f'{first} has {name!r} twice', 'keep one column')
        near = {
            key: other
            for key, name in zip(self._fields, self, strict=True)
            if name not in found and (other := nearest(name, [o for o in found if o not in self]))
        }
        for key, name in zip(self._fields, self, strict=True):
            if name not in found and (key != 'negative' or key in near):
                return self._missing(key, found, first, near, layouts)
        return None

    def used(self, found: Sequence[str]) -> list[str]:
        """Returns those of a file's columns that are read."""
        return [name for name in self if name in found]

    def image_error_in(self, found: Sequence[str], first: str = 'the header') -> RowError | None:
        """Returns what is wrong with the column of images alone; arguments as of `error_in`."""
        if found.count(self.image) > 1:
            return RowError('header', f'{first} has {self.image!r} twice', 'keep one column')
        if self.image in found:
            return None
        near = nearest(self.image, found)
        return self._missing('image', found, first, {'image': near} if near else {})

    def _missing(
        self,
        key: str,
        found: Sequence[str],
        first: str,
        near: Mapping[str, str],
        layouts: Sequence[str] = (),
    ) -> RowError:
        listed = ', '.join(map(repr, found[:6])) or 'nothing'
        hint = f' (is {near[key]!r} meant?)' if key in near else ''
        what = f'{first} has no {getattr(self, key)!r}, only {listed}{hint}'
        if near:
            return RowError('header', what, advise('say ', Option('columns', dict(near))))
        named = f'name the columns {", ".join(self)}, or say '
        fix: list[str | Option] = [named, Option('columns', {key: ...})]
        for layout in layouts if key == 'positive' else ():
            before = '; ' if layout == layouts[0] else ', '
            fix += [before, Option('layout', layout), f' if {_HAVE[layout]}']
        return RowError('header', what, advise(*fix))
