"""Compares methods over several data sets and seeds, with ranks, published numbers and tuning."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import (
    add_baseline_option,
    add_devices_options,
    add_partial_validation_option,
    add_seeds_option,
)
from .number_options import integer, seed_number
from .options import Distinct, add_settings_option, shipped_methods


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Compare methods under several protocols over seeds; the same command goes on '
        'from where an interrupted one stopped, and a run that fails stops no other',
        epilog='example: wsml-mm suite scenes/lite0_linear.py voc5/lite0_linear.py '
        '--methods an ll-r --work-dir work_dirs/x',
    )
    parser.add_argument(
        'configs',
        nargs='+',
        metavar='PROTOCOL',
        help='voc2012/resnet50_e2e.py, scenes/lite0_linear.py, or configs of your own',
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        default=['all'],
        metavar='METHOD',
        help=f'all (default), or some of {", ".join(shipped_methods())}, or files of your own; one '
        'that cannot run under a protocol is listed with the reason',
    )
    parser.add_argument(
        '--upper-bound', action='store_true', help='also train AN on all labels ("full labels")'
    )
    add_seeds_option(parser)
    parser.add_argument('--work-dir', required=True, help='folder for runs, tables and figures')
    add_partial_validation_option(parser)
    add_devices_options(parser)
    add_baseline_option(parser)
    parser.add_argument('--title', default='', help='of the figure')
    grid = parser.add_argument_group('tuning on validation, with as many points for every method')
    grid.add_argument(
        '--grid',
        nargs='*',
        metavar='FILE|KEY=VALUES',
        help="learning rate by the method's own numbers: those of its fragment, or "
        "'loss.delta_rel=[0.1,0.4]', or a file with grid = {METHOD: {KEY: [...]}}",
    )
    grid.add_argument(
        '--grid-points',
        type=integer(1, 9, 'give 1 to 9 points a method'),
        default=6,
        help='of every method, the numbers of its paper among them; default: 6',
    )
    grid.add_argument(
        '--tune-on',
        choices=['full', 'observed'],
        default='full',
        help='validation labels that choose the point: all, or as poor as the training labels',
    )
    grid.add_argument(
        '--tune-seeds',
        nargs='+',
        type=seed_number,
        action=Distinct,
        help='of the points; default: the first of --seeds',
    )
    add_settings_option(parser)
    args = parser.parse_args(argv)
    if args.grid is None and args.tune_seeds:
        parser.error('--tune-seeds says which seeds tune: give --grid as well')
    args.tune_seeds = args.tune_seeds or args.seeds[:1]
    return args
