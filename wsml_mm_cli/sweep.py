"""Trains every method at every value of one setting, with every seed; tabulates and draws it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_baseline_option, add_comparison_options
from .number_options import number


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Vary one setting; a method without it is run once and drawn as a reference',
        epilog='example: wsml-mm sweep scenes/lite0_linear.py --methods ll-r --delta-rel 0.1 0.4 '
        '--work-dir work_dirs/x',
    )
    add_comparison_options(parser)
    add_baseline_option(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument(
        '--delta-rel',
        nargs='+',
        type=number(0, 100, 'a percentage of 0..100'),
        metavar='PERCENT',
        help='of the large-loss methods',
    )
    what.add_argument(
        '--train-fraction',
        nargs='+',
        type=number(1e-9, 1, 'a share of the training images, above 0 and at most 1'),
        metavar='SHARE',
        help='of the training images',
    )
    what.add_argument('--set', nargs='+', metavar='KEY V1 V2', help='any config key, its values')
    args = parser.parse_args(argv)
    if args.set is not None and len(args.set) < 2:
        parser.error('--set takes a config key and its values: --set KEY V1 V2 ...')
    return args
