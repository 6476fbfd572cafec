"""Shows how LL-Cp's corrections made the labels of training images grow, and exports them all."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .number_options import integer, seed_number
from .options import add_settings_option


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm label-growth scenes/lite0_linear.py --method ll-cp '
        '--work-dir work_dirs/x --out x',
    )
    parser.add_argument('config', help='config of a training with LL-Cp, or a protocol')
    parser.add_argument('--method', help='of the training under that protocol, e.g. ll-cp')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--checkpoint', help='of a finished training, e.g. its last epoch')
    source.add_argument('--work-dir', help='train here first; a finished one (of compare) is kept')
    parser.add_argument(
        '--seed',
        type=seed_number,
        help='of labels + training; default: 1200, with --checkpoint the config as it is',
    )
    parser.add_argument('--out', required=True, help='the figure, without suffix')
    parser.add_argument('--images', nargs='+', help='names of training images to show')
    parser.add_argument(
        '--count',
        type=integer(1, 1000, 'show at least one image, 1000 at most'),
        default=6,
        help='images to show: those with most corrections, right and wrong in proportion',
    )
    parser.add_argument('--choice-seed', type=seed_number, default=0, help='of ties in that choice')
    parser.add_argument('--export', help='CSV file for all corrections of the training set')
    parser.add_argument('--title', help='of the figure; default: how many corrections were right')
    add_settings_option(parser)
    return parser.parse_args(argv)
