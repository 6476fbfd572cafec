"""Trains methods and draws how they memorise wrong labels (Large Loss Matters, Fig. 1)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_comparison_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm memorisation scenes/lite0_linear.py --methods an ll-r '
        '--work-dir work_dirs/mine',
    )
    add_comparison_options(parser)
    return parser.parse_args(argv)
