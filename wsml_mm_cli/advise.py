"""Says which method and which delta_rel suit a data set, and when plain AN is the better choice."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .options import add_method_options, add_settings_option

EXAMPLE = """example:
  wsml-mm advise mine.py --audit audit"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Say which method and which delta_rel suit the data of a config, and why',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('config', help='a file, or a protocol with --method')
    add_method_options(parser)
    parser.add_argument(
        '--audit',
        type=Path,
        metavar='FOLDER',
        help='of wsml-mm audit on these data, whose estimate says how many labels are missing; '
        'default: from validation labels, where they are complete',
    )
    parser.add_argument(
        '--run',
        type=Path,
        metavar='FOLDER',
        help='work folder of a training with diagnosis=True, whose record says how often what the '
        'method selects is right',
    )
    add_settings_option(parser)
    return parser.parse_args(argv)
