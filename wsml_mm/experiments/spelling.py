"""Misspelt names of registered classes: what was meant, in one line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import mmpretrain.registry
from mmengine.registry import Registry

from wsml_mm.labels.wording import nearest

_UNKNOWN = re.compile(r'([\w.]+) is not in the (?:\w+::)?([\w ]+?) registry')
_LIKENESS = 0.7


@contextmanager
def explained_types() -> Iterator[None]:
    """Says of a class that no registry has which one may be meant.

    Raises:
        ValueError: in place of the registry's KeyError, with the nearest names.
    """
    try:
        yield
    except KeyError as error:
        found = _UNKNOWN.search(str(error))
        if found is None:
            raise
        raise ValueError(explanation(*found.groups())) from error


def explanation(name: str, wanted: str) -> str:
    """Returns what is wrong with a name.

    Args:
        name: as it stands in the config.
        wanted: the registry that does not have it, e.g. 'model'.
    """
    known = _registered()
    short = name.rpartition('.')[2]
    if short in known and known[short] != wanted:
        return f'type={name!r} is a {known[short]}, but stands where a {wanted} belongs; move it'
    same = [other for other, kind in known.items() if kind == wanted]
    near = nearest(short, same, _LIKENESS) or nearest(short, known, _LIKENESS)
    if near:
        where = '' if known[near] == wanted else f' (a {known[near]})'
        return f'type={name!r} is no registered {wanted}; did you mean {near!r}{where}?'
    return (
        f'type={name!r} is no registered {wanted}; correct it, or name the module that registers '
        'it in custom_imports'
    )


def _registered() -> dict[str, str]:
    """Returns the kind of every class that a config of MMPretrain can name."""
    registries = [r for r in vars(mmpretrain.registry).values() if isinstance(r, Registry)]
    found: dict[str, str] = {}
    for registry in registries:
        for level in (registry.parent, registry):
            if level is not None:
                found |= dict.fromkeys(level.module_dict, registry.name)
    return found
