"""A row of the comparison: what is measured against what, the goal, and how."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass

import torch

from .timing import Measured

Measure = Callable[[bool], Measured]  # given whether sizes are to be small


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Args:
        name: group/what, chosen by `-k`.
        rival: what it is measured against; '' for an amount.
        goal: '<= 1.5' or '>= 5' in the row's unit; '' where there is none. A ratio with '>=' says
            how many times as fast as the rival, all others how many times the rival's time.
        unit: 'x' of a ratio, otherwise of the amount.
        measure: returns the samples; None: not measured here, `note` says why.
        heavy: minutes or gigabytes: only measured when `--heavy` is given.
        note: shown in the table.
    """

    name: str
    rival: str
    goal: str
    unit: str
    measure: Measure | None
    heavy: bool = False
    note: str = ''

    def value(self, found: Measured) -> float:
        """Returns the number that the goal is about."""
        ratio = found.value()
        return 1 / ratio if self.unit == 'x' and self.goal.startswith('>=') else ratio

    def is_met(self, value: float) -> bool | None:
        """Tells whether a value meets the goal; None: there is none."""
        if not self.goal:
            return None
        sign, limit = self.goal.split()
        return {'<=': operator.le, '>=': operator.ge}[sign](value, float(limit))


ROWS: list[Row] = []


def row(
    name: str, rival: str = '', goal: str = '', unit: str = 'x', heavy: bool = False, note: str = ''
) -> Callable[[Measure], Measure]:
    """Registers a measuring function as a row; arguments as of `Row`."""

    def register(measure: Measure) -> Measure:
        ROWS.append(Row(name, rival, goal, unit, measure, heavy, note))
        return measure

    return register


def not_here(name: str, goal: str, note: str, unit: str = 'x') -> None:
    """Registers a row of the table that this suite does not measure, and why."""
    ROWS.append(Row(name, '', goal, unit, None, note=note))


def gpu_row(
    name: str, rival: str = '', goal: str = '', unit: str = 'x'
) -> Callable[[Measure], None]:
    """Registers a row that is only measured where there is a GPU; arguments as of `Row`."""

    def register(measure: Measure) -> None:
        if torch.cuda.is_available():
            row(f'gpu/{name}', rival, goal, unit)(measure)
        else:
            not_here(f'gpu/{name}', goal, 'needs a GPU', unit)

    return register


def chosen(pattern: str, heavy: bool) -> list[Row]:
    """Returns the rows whose names a regular expression finds; heavy ones only if wanted."""
    wanted = re.compile(pattern, re.IGNORECASE)
    return [r for r in ROWS if wanted.search(r.name) and (heavy or not r.heavy)]
