"""Trains methods and draws how often their choices are right (Large Loss Matters, Fig. 4)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_comparison_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm selection-quality scenes/lite0_linear.py --methods ll-r '
        '--work-dir work_dirs/x',
    )
    add_comparison_options(parser)
    return parser.parse_args(argv)
