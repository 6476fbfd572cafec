"""Test mAP of rare and of frequent classes: a comparison's results over groups of classes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_baseline_option, add_comparison_options
from .number_options import integer


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='mAP by groups of classes, rarest first; runs already in the work folder (of '
        'compare) are used as they are',
        epilog='example: wsml-mm groups scenes/lite0_linear.py --methods an ll-r '
        '--work-dir work_dirs/mine',
    )
    add_comparison_options(parser)
    add_baseline_option(parser)
    parser.add_argument(
        '--groups', type=integer(1, 2**31, 'make at least one group'), default=5, help='how many'
    )
    parser.add_argument(
        '--count',
        choices=['positive', 'annotated'],
        default='positive',
        help='what makes a class frequent in the training split; OpenImages: annotated',
    )
    parser.add_argument(
        '--checkpoint', '--moment', choices=['best', 'last'], default='best', help='that is drawn'
    )
    return parser.parse_args(argv)
