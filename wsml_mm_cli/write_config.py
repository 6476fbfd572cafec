"""Writes a protocol with a method as a config that stands by itself, for any train.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .number_options import seed_number
from .options import add_method_options, add_settings_option


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm write-config scenes/lite0_linear.py --method ll-r --out mine.py',
    )
    parser.add_argument('protocol', help='scenes/lite0_linear.py, or a config of your own')
    add_method_options(parser)
    parser.add_argument('--out', required=True, help='file to write')
    parser.add_argument('--seed', type=seed_number, help='of labels + training; default: as it is')
    add_settings_option(parser)
    return parser.parse_args(argv)
