"""Numbers of a command line, each with its bounds: a bad one is a usage error of one line."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeVar

N = TypeVar('N', int, float)

HIGHEST_SEED = 2**32 - 1


def integer(lowest: int, highest: int, what: str) -> Callable[[str], int]:
    """Returns a parser of integers for `add_argument(type=...)`, see `_bounded`."""
    return _bounded(int, lowest, highest, what)


def number(lowest: float, highest: float, what: str) -> Callable[[str], float]:
    """Returns a parser of finite numbers for `add_argument(type=...)`, see `_bounded`."""
    return _bounded(float, lowest, highest, what)


def _bounded(kind: Callable[[str], N], lowest: N, highest: N, what: str) -> Callable[[str], N]:
    """Returns a parser of numbers of one kind.

    Args:
        kind: int or float.
        lowest: value that is allowed, finite.
        highest: value that is allowed, finite.
        what: the message says.
    """

    def parse(text: str) -> N:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not lowest <= value <= highest:  # as NaN is not
            raise argparse.ArgumentTypeError(f'{text}: {what}')
        return value

    return parse


seed_number = integer(0, HIGHEST_SEED, f'a seed is an integer of 0..{HIGHEST_SEED}')
