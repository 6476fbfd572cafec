"""Finding parts of a config by the class they name, wherever in the config they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from inspect import Parameter, signature
from typing import Any

from mmengine.registry import Registry
from mmpretrain import registry as registries


def class_of(part: Mapping[str, Any]) -> type | None:
    """Returns the registered class that a part's `type` names, or None."""
    named = part.get('type')
    if isinstance(named, type):
        return named
    for registry in vars(registries).values():  # what is imported: asking a registry takes long
        if isinstance(named, str) and isinstance(registry, Registry):
            for place in filter(None, (registry, registry.parent)):
                found = place.module_dict.get(named)
                if isinstance(found, type):
                    return found
    for registry in vars(registries).values():
        if isinstance(named, str) and isinstance(registry, Registry):
            found = registry.get(named)
            if isinstance(found, type):
                return found
    return None


def takes(part: Mapping[str, Any], argument: str) -> bool:
    """Tells whether a part has a setting: written, or an argument of its class left at default."""
    return argument in part or _accepts(class_of(part), argument)


def _accepts(kind: type | None, argument: str) -> bool:
    if kind is None or kind is object:
        return False
    arguments = signature(kind).parameters
    if any(a.kind is Parameter.VAR_KEYWORD for a in arguments.values()):
        return argument in arguments or any(_accepts(base, argument) for base in kind.__bases__)
    return argument in arguments


def typed_parts(config: Any, key: str = '') -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yields (dotted key, part) of every part of a config that names a `type`, outermost first.

    Args:
        config: nested dicts and lists.
        key: of `config` itself.
    """
    if isinstance(config, Mapping):
        if 'type' in config:
            yield key, config
        inner: Any = config.items()
    else:
        inner = enumerate(config) if isinstance(config, (list, tuple)) else ()
    for name, part in inner:
        yield from typed_parts(part, f'{key}.{name}' if key else str(name))


def part_at(config: Any, key: str) -> Any:
    """Returns what stands under a dotted key (numbers index lists), or None."""
    for name in key.split('.') if key else ():
        if isinstance(config, Mapping):
            config = config.get(name)
        elif isinstance(config, (list, tuple)) and name.isdigit() and int(name) < len(config):
            config = config[int(name)]
        else:
            return None
    return config
