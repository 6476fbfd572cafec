"""Parts of messages that many modules write: the name that is meant, some names of many."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence


def nearest(name: str, others: Iterable[str], likeness: float = 0.75) -> str:
    """Returns the one of other names that is probably meant; '' if none is.

    Args:
        name: as it was written; upper and lower case count alike.
        others: that are known.
        likeness: from 0, anything will do, to 1, only the same; see `difflib.get_close_matches`.
    """
    folded = {other.casefold(): other for other in others}
    near = difflib.get_close_matches(name.casefold(), folded, 1, likeness)
    return folded[near[0]] if near else ''


def some_of(names: Sequence[str], most: int = 3, of: str = '') -> str:
    """Returns the first names, and how many more there are.

    Args:
        names: to list.
        most: so many at most.
        of: what the others are, e.g. 'weights'.
    """
    more = f' and {len(names) - most} more {of}'.rstrip() if len(names) > most else ''
    return ', '.join(names[:most]) + more
