"""Plays the pointing game with every method: trains what is missing, tests, draws and tabulates."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_cam_options, add_comparison_options
from .number_options import number


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm pointing-game scenes/lite0_e2e.py --methods an ll-r '
        '--work-dir work_dirs/cams',
    )
    add_comparison_options(parser)
    add_cam_options(parser)
    parser.add_argument(
        '--tolerance',
        type=number(0, 1e9, 'pixels, 0 or more'),
        default=0.0,
        help='pixels beside a box that still hit it',
    )
    return parser.parse_args(argv)
