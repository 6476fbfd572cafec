"""Draws class activation maps of several methods side by side, training first what is missing.

Methods are configs, whose checkpoints are found below --work-dir (and trained where missing), or
NAME=CONFIG:CHECKPOINT. Without --images and --indices the rows are chosen by a rule that does not
know which method is right: among --candidates test images with two or more classes, drawn with
--pick-seed (those with one where there are none), the ones whose maps differ most between methods,
times the largest predicted probability. With --hidden they are training images, and the classes
those that are there and that the training did not observe.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_cam_options, add_comparison_options
from .number_options import integer, seed_number


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog='example: wsml-mm draw-cams scenes/lite0_e2e.py --methods an ll-r '
        '--work-dir work_dirs/cams',
    )
    add_comparison_options(parser, needs_work_dir=False)
    add_cam_options(parser)
    parser.add_argument('--checkpoint', choices=['best', 'last'], default='best', help='of a run')
    parser.add_argument('--images', nargs='+', help='image files')
    parser.add_argument(
        '--indices',
        nargs='+',
        type=integer(0, 2**31, 'a position in the test set, counted from 0'),
        help='positions in the test set',
    )
    parser.add_argument(
        '--hidden',
        action='store_true',
        help='of training images, the classes that are there and were hidden from the training',
    )
    parser.add_argument('--classes', nargs='+', help='classes to show; default: all present')
    parser.add_argument(
        '--rows',
        type=integer(1, 1000, 'draw at least one row, 1000 at most'),
        default=6,
        help='at most so many rows',
    )
    parser.add_argument(
        '--candidates',
        type=integer(1, 2**31, 'choose from at least one image'),
        default=64,
        help='images to choose from',
    )
    parser.add_argument('--pick-seed', type=seed_number, default=0, help='of the candidates')
    args = parser.parse_args(argv)
    if args.work_dir is None and not all(':' in config for config in args.configs):
        parser.error(
            'give --work-dir DIR, or a checkpoint for every method: NAME=CONFIG:CHECKPOINT'
        )
    if args.hidden and (args.images or args.indices):
        parser.error('--hidden chooses the images: leave --images and --indices')
    return args
