"""What a method changed in a config, written down so that it can be taken back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any

_NOTHING = object()


def changes(before: Any, after: Any, path: tuple[Any, ...] = ()) -> Iterator[dict[str, Any]]:
    """Yields the smallest parts that differ: their path, what was there and what is there now.

    Args:
        before: nested dicts and lists.
        after: the same, later; lists of different lengths differ as a whole.
        path: keys and positions that lead to them.

    Yields:
        `path`, with `old` unless the part is new, with `new` unless it is gone. A part that is new
        is taken back whatever has become of it, so it is not kept.
    """
    keys: Sequence[Any] = []
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        keys = sorted({*before, *after}, key=str)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        keys = range(len(before))
    if not keys:
        if before != after:
            yield dict(path=list(path), old=deepcopy(before), new=deepcopy(after))
        return
    for key in keys:
        if isinstance(keys, range) or (key in before and key in after):
            yield from changes(before[key], after[key], (*path, key))
        elif key in before:
            yield dict(path=[*path, key], old=deepcopy(before[key]))
        else:
            yield dict(path=[*path, key])


def take_back(config: Any, made: Sequence[Mapping[str, Any]]) -> None:
    """Undoes changes in place; what has been set to something else since then stays as it is.

    Args:
        config: nested dicts and lists.
        made: of `changes`, also of a config that was written and read again.
    """
    for change in reversed(list(made)):
        *parents, last = change['path']
        part = config
        for key in parents:
            part = _inside(part, key)
        now = _inside(part, last)
        if part is _NOTHING or not isinstance(part, (dict, list)):
            continue
        if 'old' not in change:
            if now is not _NOTHING:
                del part[last]
        elif now == change.get('new', _NOTHING):
            part[last] = deepcopy(change['old'])


def _inside(part: Any, key: Any) -> Any:
    if isinstance(part, Mapping):
        return part.get(key, _NOTHING)
    if isinstance(part, list) and isinstance(key, int) and key < len(part):
        return part[key]
    return _NOTHING
