"""Text that stands where class names should, but hardly is one: it is told, never taken in silence.

Where the classes are given, a name is one of them or an error, and any name may be one. Where they
are the labels found in a table, all text would become a class: `suspicion` says which text is
refused there, the other functions find what
the names only show together.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# What programs write for a cell without a value.
_NO_VALUE = {
    'nan', 'none', 'null', 'nil', 'na', 'n/a', '#n/a', '<na>', 'nat', '(null)', '(none)',
    'undefined',
}  # fmt: skip
_BRACKETS = (('[', ']'), ('{', '}'))
_QUOTES = '\'"`'
_LONGEST = 200  # signs; the longest class names of OpenImages and ImageNet have half of that
_SEPARATORS = '|;,/+& '


def suspicion(name: str) -> str | None:
    """Returns what a text looks like that is hardly the name of a class; None: it may be one."""
    if name.casefold() in _NO_VALUE:
        return 'looks like an empty cell'
    bare = name.rstrip(',;').strip()
    if any(bare[:1] == a and bare[-1:] == b for a, b in _BRACKETS) or bare[:2] in ("('", '("'):
        return 'looks like a list of names written by a program'
    if any(bare.count(a) != bare.count(b) for a, b in _BRACKETS):
        return 'looks like a part of a list'
    if len(bare) > 1 and bare[0] in _QUOTES and bare[0] == bare[-1]:
        return 'has its quotation marks in it'
    if bare != name:
        return f'ends with {name[-1]!r}'
    if all(unicodedata.category(sign)[0] == 'P' for sign in name):
        return 'has no letter or digit'
    if len(name) > _LONGEST:
        return f'has {len(name):,} signs'
    return None


def look(name: str) -> str:
    """Returns what names that look the same have in common: no two classes may share it.

    Composed and decomposed letters (NFC, NFD), invisible signs and kinds of blanks are made one.
    """
    if name.isascii():
        return ' '.join(name.split())
    seen = unicodedata.normalize('NFC', name)
    return ' '.join(''.join(s for s in seen if unicodedata.category(s) != 'Cf').split())


def combined(names: Sequence[str]) -> tuple[str, str] | None:
    """Returns a name that looks like several labels, and the sign between them.

    It does if one of its parts is a name itself, of those between blanks the first ('cat dog'
    beside 'cat', but not 'hot dog' beside 'dog'); or if three names or more are made of no more
    parts than there are names: 'agriculture clear', 'clear water', 'agriculture water'.

    Args:
        names: of the classes found.
    """
    known = set(names)
    for sign in _SEPARATORS:
        if not any(sign in name for name in names):
            continue
        split = {name: _parts(name, sign) for name in names}
        several = [name for name in names if len(split[name]) > 1]
        looked_at = 1 if sign == ' ' else None
        for name in several:
            if not known.isdisjoint(split[name][:looked_at]):
                return name, sign
        parts = {part for some in split.values() for part in some}
        if len(several) > 2 and len(parts) <= len(known):
            return several[0], sign
    return None


def spelt_twice(names: Iterable[str]) -> list[tuple[str, str]]:
    """Returns pairs of names that differ in case, blanks or punctuation only."""
    first: dict[str, str] = {}
    plain = {name: re.sub(r'[\W_]+', '', name.casefold()) or name for name in names}
    return [(name, same) for name in plain if (same := first.setdefault(plain[name], name)) != name]


def all_numbers(names: Iterable[str]) -> bool:
    """Tells whether all names are whole numbers, as indices are."""
    return all(re.fullmatch(r'[+-]?\d+(\.0*)?', name) for name in names)


def numbered(names: Sequence[str]) -> bool:
    """Tells whether each of several names begins with its place in the list: '0 cat', '1 dog'."""
    found = [re.match(r'(\d+)[\s:;,.)-]+\S', name) for name in names]
    places = [int(match[1]) for match in found if match]
    first = places[0] if places else 0
    return len(names) > 1 and places == list(range(first, first + len(names)))


def _parts(name: str, sign: str) -> list[str]:
    return [part for part in (part.strip() for part in name.split(sign)) if part]
