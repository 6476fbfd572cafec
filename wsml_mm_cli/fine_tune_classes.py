"""Fits each class's row of a trained last layer on stored features, on known labels only (CFT)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .number_options import integer, number, seed_number
from .options import add_settings_option


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm fine-tune-classes mine.py work_dirs/mine/best.pth tuned.pth',
    )
    parser.add_argument('config', help='of a linear layer on stored features, or a protocol')
    parser.add_argument('checkpoint', help='of a finished training, e.g. its best one')
    parser.add_argument('out', help='checkpoint to write, .pth')
    parser.add_argument(
        '--epochs',
        type=integer(1, 10000, 'at least one epoch, 10000 at most'),
        default=10,
        help='at most; each class keeps its best one on validation',
    )
    parser.add_argument(
        '--lr', type=number(1e-9, 100, 'a rate of 1e-9 to 100'), default=1e-3, help='of Adam'
    )
    parser.add_argument('--seed', type=seed_number, default=0, help='of the order of images')
    add_settings_option(parser)
    return parser.parse_args(argv)
