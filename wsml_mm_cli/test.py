"""Tests a checkpoint, with MMPretrain's arguments."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .number_options import integer, number
from .options import add_shared_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Test a multi-label classifier',
        epilog='example: wsml-mm test mine.py work_dirs/ll-r_mine/epoch_25.pth --method ll-r',
    )
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument('checkpoint', help='checkpoint file')
    parser.add_argument('--out', help='file for the results')
    parser.add_argument(
        '--out-item', choices=['metrics', 'pred'], help='what --out holds; default: predictions'
    )
    parser.add_argument('--show-dir', help='folder for pictures of the predictions')
    parser.add_argument('--show', action='store_true', help='show the predictions in a window')
    parser.add_argument(
        '--interval',
        type=integer(1, 2**31, 'draw every n-th sample, n at least 1'),
        default=1,
        help='draw every n-th sample',
    )
    parser.add_argument(
        '--wait-time',
        type=number(0, 1e6, 'seconds, 0 or more'),
        default=2.0,
        help='seconds a window stays',
    )
    parser.add_argument('--tta', action='store_true', help='average over test-time augmentation')
    add_shared_options(parser)
    args = parser.parse_args(argv)
    if args.out is None and args.out_item is not None:
        parser.error('--out-item says what --out holds: give --out FILE as well')
    kinds = ('.json', '.yml', '.yaml', '.pkl', '.pickle')
    if args.out_item == 'metrics' and not args.out.endswith(kinds):
        parser.error(f'--out {args.out}: metrics are written to a file of {", ".join(kinds)}')
    return args
