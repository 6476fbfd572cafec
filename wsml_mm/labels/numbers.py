"""Numbers that a config gives, checked at the one place that says what they mean."""

from __future__ import annotations

import math
from numbers import Real


def check_number(
    name: str, value: object, meaning: str, lowest: float = -math.inf, highest: float = math.inf
) -> None:
    """Refuses what is no finite number within bounds, text such as '0.2%' first of all.

    Args:
        name: of the argument.
        value: as it was given.
        meaning: what it must be, for the message, e.g. 'a percentage between 0 and 100'.
        lowest: the smallest value allowed.
        highest: the largest value allowed.

    Raises:
        ValueError: if it is anything else.
    """
    if isinstance(value, Real) and not isinstance(value, bool):
        if math.isfinite(value) and lowest <= float(value) <= highest:
            return
        raise ValueError(f'{name}={value}: {meaning}')
    hint = ''
    if isinstance(value, str):
        text = value.strip().rstrip('%').strip()
        try:
            hint = f'; write the number alone, e.g. {name.split()[-1]}={float(text):g}'
        except ValueError:
            hint = '; write a number'
    raise ValueError(f'{name}={value!r} is {type(value).__name__}: {meaning}{hint}')


def check_whole(name: str, value: object, meaning: str, lowest: int) -> None:
    """Refuses what is no whole number of at least `lowest`; arguments of `check_number`.

    Raises:
        ValueError: if it is anything else.
    """
    check_number(name, value, meaning, lowest)
    if int(value) != value:  # type: ignore[call-overload]
        raise ValueError(f'{name}={value}: {meaning}; write a whole number')
