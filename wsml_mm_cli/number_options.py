"""Numbers of a command line, each with its bounds: a bad one is a usage error of one line."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable

HIGHEST_SEED = 2**32 - 1


def integer(lowest: int, highest: int, what: str) -> Callable[[str], int]:
    """Returns a parser of integers for `add_argument(type=...)`.

    Args:
        lowest: value that is allowed.
        highest: value that is allowed.
        what: the message says.
    """

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if not lowest <= value <= highest:
            raise argparse.ArgumentTypeError(f'{text}: {what}')
        return value

    return parse


def number(lowest: float, highest: float, what: str) -> Callable[[str], float]:
    """Returns a parser of finite numbers for `add_argument(type=...)`.

    Args:
        lowest: value that is allowed.
        highest: value that is allowed.
        what: the message says.
    """

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not (math.isfinite(value) and lowest <= value <= highest):
            raise argparse.ArgumentTypeError(f'{text}: {what}')
        return value

    return parse


seed_number = integer(0, HIGHEST_SEED, f'a seed is an integer of 0..{HIGHEST_SEED}')
