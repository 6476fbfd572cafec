"""Small annotations that one process opens many times, parsed once for the same content."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import Any, TypeVar, cast

from .contents import content_digest

_LARGEST = 16 << 20  # bytes of all files together; what is larger keeps columns on disk
_KEPT = 8  # train, val and test of two data sets, and some to spare
_read: OrderedDict[Hashable, Any] = OrderedDict()

T = TypeVar('T')


def read_once(made_from: Hashable, sources: Sequence[Path], read: Callable[[], T]) -> T:
    """Returns what is read from files; where this process has read the same, that object.

    A training opens the same labels for each of its loaders, and a comparison again for each of its
    runs. What decides is what the files hold, whose reading takes a hundredth of their parsing: no
    change is missed, whatever the time of a file says.

    Args:
        made_from: all else that the result depends on, its reader among it.
        sources: the files; where one is missing, `read` says so.
        read: parses them; what it returns is never changed.
    """
    digests = _digests(sources)
    if digests is None:
        return read()
    key = (made_from, digests)
    if key in _read:
        _read.move_to_end(key)
        return cast('T', _read[key])
    found = read()
    if _digests(sources) == digests:  # else one was saved meanwhile
        _read[key] = found
        while len(_read) > _KEPT:
            _read.popitem(last=False)
    return found


def _digests(sources: Sequence[Path]) -> tuple[str, ...] | None:
    """Returns the digest of each file; None: one is not there, or they are large."""
    try:
        if sum(path.stat().st_size for path in sources) > _LARGEST:
            return None
        return tuple(content_digest(path) for path in sources)
    except OSError:
        return None
