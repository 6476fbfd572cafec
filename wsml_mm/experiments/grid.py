"""The points of a grid search: as many for every method, the one of the papers first."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from .config_parts import part_at, takes
from .entries import Entry, seeded_config

LEARNING_RATE = 'optim_wrapper.optimizer.lr'
# Of the protocol's learning rate, the likeliest first.
FACTORS = (1.0, 0.3, 3.0, 0.1, 10.0, 0.03, 30.0, 0.01, 100.0)


@dataclass(frozen=True)
class Grid:
    """What is tried for every method: its learning rate and its own numbers.

    Args:
        count: points a method, at least 1: the same for all, so that none gains by a larger search.
        factors: of the protocol's learning rate; at least `count` of them, for a method without
            numbers of its own. LinearInit: of its second stage.
        values: dotted key of a method's fragment -> values, for every method that has it; in place
            of the fragments' own `grid`.
        methods: key of a method -> the same, for this one; in place of its fragment's `grid`.

    Raises:
        ValueError: if there are fewer factors than points.
    """

    count: int = 6
    factors: Sequence[float] = FACTORS
    values: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    methods: Mapping[str, Mapping[str, Sequence[Any]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.count <= len(self.factors):
            raise ValueError(
                f'{self.count} points of a grid with {len(self.factors)} learning rates: a method '
                'without numbers of its own would get fewer; give 1 to as many points'
            )
        lists = [self.values, *self.methods.values()]
        for key, values in (item for found in lists for item in found.items()):
            if not isinstance(values, (list, tuple)) or not values:
                raise ValueError(f'grid {key}={values!r}: give a list of values, e.g. [0.1, 0.2]')


class Point(NamedTuple):
    """One choice of hyper-parameters for a method.

    Attributes:
        name: in tables and names of folders, e.g. 'lr-x0.3_delta_rel-0.4'.
        entry: the method with its numbers.
        options: settings to override, the learning rate.
    """

    name: str
    entry: Entry
    options: dict[str, Any]


def read_grid(arguments: Sequence[str], count: int) -> Grid:
    """Returns the grid that a command line asks for.

    Args:
        arguments: none: the `grid` of the methods' fragments; KEY=[V1, V2, ...] for all methods
            that have the key; or a Python file with `grid = {METHOD: {KEY: [...]}}` and
            `learning_rate = [FACTOR, ...]`, one of both or both.
        count: points a method.

    Raises:
        ValueError: if an argument is none of these.
        FileNotFoundError: if there is no such file.
    """
    grid = Grid(count)
    for argument in arguments:
        key, equals, text = argument.partition('=')
        if not equals:
            grid = _read_file(Path(argument), grid)
            continue
        try:
            values = ast.literal_eval(text)
        except (ValueError, SyntaxError):
            values = None
        grid = replace(grid, values={**grid.values, key.strip(): values})
    return grid


def _read_file(path: Path, grid: Grid) -> Grid:
    if not path.is_file():
        raise FileNotFoundError(
            f"--grid {path}: no such file; give a file, or KEY=VALUES as 'loss.delta_rel=[0.1,0.2]'"
        )
    content = Config.fromfile(path).to_dict()
    methods, factors = content.get('grid') or {}, content.get('learning_rate') or grid.factors
    if not isinstance(methods, dict) or not all(isinstance(v, dict) for v in methods.values()):
        raise ValueError(f"{path}: write grid = {{'ll-r': {{'loss.delta_rel': [0.1, 0.2]}}}}")
    if not all(isinstance(f, (int, float)) and f > 0 for f in factors):
        raise ValueError(f'{path}: learning_rate = {factors} must be positive factors')
    return replace(grid, factors=list(factors), methods=methods)


def grid_points(entry: Entry, grid: Grid, options: dict[str, Any] | None = None) -> list[Point]:
    """Returns the points to try for a method under its protocol.

    The first is that of the papers, or what the fragment has. The others follow by how far they are
    from it, a step being the next value of any list.

    Args:
        entry: with a method.
        grid: what is tried.
        options: settings to override, as --cfg-options.

    Raises:
        ValueError: if the entry is a complete config, which has no fragment to change, the method
            does not have a key of the grid, or its optimiser has no learning rate.
    """
    if entry.method is None:
        raise ValueError(f'{entry.name}: a complete config has no grid; write it as a method')
    cfg = seeded_config(entry, 0, options)
    rate = part_at(cfg._cfg_dict, LEARNING_RATE)
    if not isinstance(rate, (int, float)):
        raise ValueError(f'{entry.config}: has no {LEARNING_RATE}, which a grid varies')
    parts = entry.method.parts((cfg.get('protocol') or {}).get('data'))
    own = {} if entry.upper_bound else _values(entry, parts, grid)
    axes = [list(grid.factors), *(_default_first(parts, k, v) for k, v in own.items())]
    places = itertools.product(*(range(len(axis)) for axis in axes))
    points = []
    for place in sorted(places, key=lambda p: (sum(p), p))[: grid.count]:
        factor, *numbers = [axis[i] for axis, i in zip(axes, place, strict=True)]
        chosen = dict(zip(own, numbers, strict=True))
        own_parts = [f'{key.rpartition(".")[2]}-{value}' for key, value in chosen.items()]
        method = entry.method.with_values(chosen) if chosen else entry.method
        scaled = {} if factor == 1 else {LEARNING_RATE: float(f'{rate * factor:.6g}')}
        name = '_'.join([f'lr-x{factor:g}', *own_parts])
        points.append(Point(name, replace(entry, method=method), scaled))
    return points


def _values(entry: Entry, parts: Mapping[str, Any], grid: Grid) -> Mapping[str, Sequence[Any]]:
    assert entry.method is not None
    if entry.method.key in grid.methods:
        found = grid.methods[entry.method.key]
        for key in found:
            if not _has(parts, key):
                raise ValueError(f'grid of {entry.method.key}: the method has no {key}')
        return found
    if grid.values:
        return {key: values for key, values in grid.values.items() if _has(parts, key)}
    return entry.method.fragment.get('grid') or {}


def _has(parts: Mapping[str, Any], key: str) -> bool:
    parent, _, name = key.rpartition('.')
    part = part_at(parts, parent)
    return isinstance(part, Mapping) and takes(part, name)


def _default_first(parts: Mapping[str, Any], key: str, values: Sequence[Any]) -> list[Any]:
    """Returns the values to try, those that the method has anyway in front."""
    now = part_at(parts, key)
    rest = [value for value in values if value != now]
    return rest if now is None else [now, *rest]
