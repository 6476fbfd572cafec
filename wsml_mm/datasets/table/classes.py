"""Class names: given, in a text file, or met in a table."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .problem import Problem, Report, RowError, refuse

# In the negative column: every class that is not positive is known to be absent.
ALL_OTHERS = '*'
# Control signs and halves of a Unicode pair, which no file could be written with.
UNPRINTABLE = re.compile('[\0-\x1f\x7f\ud800-\udfff]')


def read_class_file(path: Path, report: Report = refuse) -> tuple[str, ...]:
    """Reads a text file of class names, one a line; empty lines are passed over.

    Args:
        path: of the file, UTF-8 with or without a byte-order mark.
        report: takes each error; if it returns, reading goes on without the name.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: of `refuse`, at the first error.
    """
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; list the class names in it, one a line')
    try:
        lines = path.read_text(encoding='utf-8-sig').split('\n')
    except UnicodeDecodeError as error:
        kind, what, fix = not_utf8(error)[:3]
        report(Problem(kind, str(path), what, fix))
        return ()
    named = [(f'{path}:{at}', line.strip()) for at, line in enumerate(lines, 1) if line.strip()]
    if not named:
        report(Problem('broken class list', str(path), 'names no class', 'write one a line'))
    return distinct_classes(named, report)


def distinct_classes(named: Sequence[tuple[str, str]], report: Report = refuse) -> tuple[str, ...]:
    """Returns class names, each once.

    Args:
        named: place and name of each.
        report: takes the error of a name that is there before, or no name.
    """
    seen: dict[str, str] = {}
    for where, name in named:
        if name == ALL_OTHERS or not name:
            what, fix = f'{name!r} is not a class name', 'remove it'
        elif name in seen:
            what, fix = f'class {name!r} is listed twice, first in {seen[name]}', 'remove one'
        else:
            seen[name] = where
            continue
        report(Problem('broken class list', where, what, fix))
    return tuple(seen)


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


class Vocabulary:
    """Class names and their indices: a given list, or one that grows with the names met.

    Args:
        classes: the names; None: those met, in the order they are met.
        separator: between the names of a cell, for the message.
    """

    def __init__(self, classes: Sequence[str] | None = None, separator: str = '|') -> None:
        self.closed, self.separator = classes is not None, separator
        self.ids = {name: index for index, name in enumerate(classes or ())}

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
        if self.closed:
            return RowError('unknown label', f'unknown label {name!r}', self._hint(name), name)
        if UNPRINTABLE.search(name):
            return label_error(name)
        return self.ids.setdefault(name, len(self.ids))

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
        return f'correct it, or add it to the classes {listed}{more}'
