"""Options that all commands share which train methods and compare them."""

from __future__ import annotations

import argparse

from .number_options import integer, seed_number
from .options import CAM_METHODS, Distinct, OneOrTwo, add_settings_option, shipped_methods


def add_comparison_options(parser: argparse.ArgumentParser, needs_work_dir: bool = True) -> None:
    """Adds what every tool takes that trains methods and compares them."""
    parser.add_argument(
        'configs',
        nargs='+',
        metavar='CONFIG',
        help='with --methods a protocol (scenes/lite0_linear.py, or a config of your own), and '
        'besides it NAME=FILE; without, a complete config a method, FILE or NAME=FILE',
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        metavar='METHOD',
        help=f'to compare under the protocol: {", ".join(shipped_methods())}, files of your own, '
        'or all',
    )
    parser.add_argument(
        '--upper-bound', action='store_true', help='also train AN on all labels ("full labels")'
    )
    add_seeds_option(parser)
    parser.add_argument(
        '--work-dir', required=needs_work_dir, help='folder for runs, tables and figures'
    )
    add_partial_validation_option(parser)
    add_execution_options(parser)
    parser.add_argument('--title', default='', help='of the figure')
    add_settings_option(parser)


def add_seeds_option(parser: argparse.ArgumentParser) -> None:
    """Adds --seeds."""
    parser.add_argument(
        '--seeds',
        nargs='+',
        type=seed_number,
        action=Distinct,
        default=[1200],
        help='of labels + training',
    )


def add_partial_validation_option(parser: argparse.ArgumentParser) -> None:
    """Adds --no-partial-validation."""
    parser.add_argument(
        '--no-partial-validation',
        action='store_true',
        help='choose no epoch by validation labels as poor as the training labels; default: where '
        'the training hides labels by a seed, it is done as well',
    )


def add_execution_options(parser: argparse.ArgumentParser) -> None:
    """Adds --jobs, --devices and --keep-going, for `execution_of`."""
    add_devices_options(parser)
    parser.add_argument(
        '--keep-going',
        action='store_true',
        help='after a failed run do the others, then name the failed; default: stop',
    )


def add_devices_options(parser: argparse.ArgumentParser) -> None:
    """Adds --jobs and --devices."""
    parser.add_argument(
        '--jobs',
        type=integer(1, 1024, 'give a number of runs at a time, at least 1'),
        default=1,
        help='runs at a time, on each of --devices',
    )
    parser.add_argument(
        '--devices',
        nargs='+',
        action=Distinct,
        default=[],
        metavar='ID',
        help='GPUs to share the runs, as in CUDA_VISIBLE_DEVICES; each run sees one',
    )


def add_baseline_option(parser: argparse.ArgumentParser) -> None:
    """Adds --baseline, for `chosen_baseline`."""
    parser.add_argument('--baseline', help='method that others are compared with; default: first')


def add_cam_options(parser: argparse.ArgumentParser) -> None:
    """Adds what both tools of activation maps take."""
    parser.add_argument('--method', choices=CAM_METHODS, default='cam', help='default: cam')
    parser.add_argument(
        '--boxes',
        help='folder of VOC annotations, instances file of COCO (.json) or box file of OpenImages '
        '(.csv); default: Annotations of the data set',
    )
    parser.add_argument(
        '--input-size',
        type=integer(1, 100_000, 'pixels, at least 1'),
        nargs='+',
        action=OneOrTwo,
        metavar='PX',
        help="width and height of the network's input; default: of the config's test pipeline",
    )

    parser.add_argument(
        '--out', help='figure, without suffix; default: named after the tool, in the work folder'
    )
