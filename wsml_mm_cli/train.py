"""Trains a config, with MMPretrain's arguments; follows a config's `linear_init` first stage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .options import add_shared_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Train a multi-label classifier',
        epilog='example: wsml-mm train scenes/lite0_linear.py --method ll-r',
    )
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from this checkpoint, or without a value from the latest in the work folder',
    )
    parser.add_argument(
        '--keep-epochs', action='store_true', help="keep every epoch's checkpoint, for an audit"
    )
    parser.add_argument('--no-validate', action='store_true', help='train without validation')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the rate with batches')
    parser.add_argument(
        '--no-persistent-workers', action='store_true', help='start loader workers every epoch'
    )
    add_shared_options(parser)
    return parser.parse_args(argv)
