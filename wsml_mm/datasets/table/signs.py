"""What the cells of indicator columns say: 1, 0, blank, -1 and whatever else a table has."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

from .advice import Option, advise

# A cell without a value, in a message and in `signs`.
BLANK = 'blank'
MEANINGS = {'positive': POSITIVE, 'negative': NEGATIVE, 'unobserved': UNOBSERVED}
# All other signs are for the owner of the table to say: a blank is 'negative' in one table and
# 'unobserved' in another; the -1 of CheXpert is 'uncertain', which has been taken for all three.
USUAL = {'positive': ('1',), 'negative': ('0',), 'unobserved': ()}
_MOST = 100  # signs, whose codes are bytes
_LONGEST = 40  # letters of a number that is looked at as one
SignsOf = Mapping[str, Any]


def sign(value: Any) -> str:
    """Returns a cell's value as `signs` has it: 1.0, True and ' 1' are '1', null is 'blank'.

    Args:
        value: text, a number, a truth value, or None.
    """
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return BLANK
    text = str(value).strip()
    if text.casefold() in ('true', 'false'):
        return '1' if text.casefold() == 'true' else '0'
    if len(text) < _LONGEST and (whole := re.fullmatch(r'([+-]?)0*(\d+?)(\.0*)?', text)):
        return f'{"-" if whole[1] == "-" and whole[2] != "0" else ""}{whole[2]}'
    return text or BLANK


def read_signs(signs: SignsOf | None) -> dict[str, tuple[str, ...]]:
    """Returns the signs of each meaning: those given, and elsewhere '1' positive, '0' negative.

    Args:
        signs: by 'positive', 'negative' and 'unobserved', a sign or several; a blank cell is '' or
            'blank'.

    Raises:
        ValueError: if a key is no meaning, or a sign has two.
    """
    given = dict(signs or {})
    said = Option('signs', given)
    if unknown := set(given) - set(MEANINGS):
        use = ', '.join(MEANINGS)
        raise ValueError(advise(said, f': unknown {min(unknown)!r}; use {use}'))
    read = {key: _several(some) for key, some in given.items()}
    taken = {one for some in read.values() for one in some}
    usual = {key: tuple(one for one in some if one not in taken) for key, some in USUAL.items()}
    read = {**usual, **read}
    if sum(map(len, read.values())) > _MOST:
        raise ValueError(advise(f'signs: more than {_MOST} signs; name those of the table'))
    seen: dict[str, str] = {}
    for meaning, some in read.items():
        for one in some:
            if one in seen:
                what = f': {one!r} is {seen[one]} and {meaning}; name each sign once'
                raise ValueError(advise(said, what))
            seen[one] = meaning
    return read


def _several(signs: Any) -> tuple[str, ...]:
    some = [signs] if signs is None or isinstance(signs, str | int | float) else signs
    return tuple(dict.fromkeys(map(sign, some)))


class SignBook:
    """Looks up what the signs of a table mean, and counts them.

    Args:
        signs: those of each meaning, as of `read_signs`.
    """

    def __init__(self, signs: Mapping[str, Iterable[str]]) -> None:
        self.meaning = {one: key for key, some in signs.items() for one in some}
        self.signs = {key: list(some) for key, some in signs.items()}
        self._code = {one: code for code, one in enumerate(self.meaning)}
        # The label of each code; the last code is that of all signs without a meaning.
        self.unknown = len(self.meaning)
        labels = [MEANINGS[key] for key in self.meaning.values()]
        self.label_of: NDArray[np.int8] = np.array([*labels, UNOBSERVED], np.int8)
        self._counts = np.zeros(len(self.label_of), np.int64)

    def codes(self, values: Iterable[Any]) -> NDArray[np.int8]:
        """Returns the code of each of K values, (K,)."""
        found = [self._code.get(sign(value), self.unknown) for value in values]
        return np.array(found, np.int8)

    def count(self, codes: NDArray[np.int8]) -> None:
        """Counts the cells of a matrix of codes."""
        self._counts += np.bincount(codes.ravel(), minlength=len(self._counts))

    def extended(self, unknown: Iterable[str]) -> Option:
        """Returns the option that also gives some signs the meaning 'unobserved'."""
        usual = {key: list(some) for key, some in USUAL.items()}
        said = {key: some for key, some in self.signs.items() if some != usual[key]}
        return Option('signs', {**said, 'unobserved': [*self.signs['unobserved'], *unknown]})

    def note(self) -> str:
        """Returns what each sign was taken for, and how many cells have it."""
        return ', '.join(
            f'{one} -> {key} ({self._counts[code]:,})'
            for code, (one, key) in enumerate(self.meaning.items())
        )
