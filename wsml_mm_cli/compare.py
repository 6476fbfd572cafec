"""Compares methods over seeds: trains all, tests each at its best and last epoch, tabulates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_baseline_option, add_comparison_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Compare methods of one protocol over seeds',
        epilog='example: wsml-mm compare scenes/lite0_linear.py --methods an ll-r '
        '--work-dir work_dirs/mine',
    )
    add_comparison_options(parser)
    add_baseline_option(parser)
    return parser.parse_args(argv)
