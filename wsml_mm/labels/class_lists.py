"""Lists of classes: whether two mean the same, position by position."""

from __future__ import annotations

from collections.abc import Sequence

from .wording import some_of


def class_difference(there: Sequence[str], here: Sequence[str]) -> str | None:
    """Returns how two lists of classes differ, for a message; None: they do not.

    Args:
        there: of what is read.
        here: of what it is used for.
    """
    there, here = [str(name) for name in there], [str(name) for name in here]
    if there == here:
        return None
    parts = [f'{len(there)} classes there, {len(here)} here'] if len(there) != len(here) else []
    for names, other, place in ((there, here, 'there'), (here, there, 'here')):
        if alone := list(dict.fromkeys(name for name in names if name not in set(other))):
            parts.append(f'only {place}: {some_of(alone)}')
    if set(there) == set(here) and len(there) == len(here):
        first = next(
            i for i, pair in enumerate(zip(there, here, strict=True)) if len(set(pair)) > 1
        )
        parts.append(
            f'another order, from class {first + 1} on: {there[first]} there, {here[first]} here'
        )
    return '; '.join(parts)
