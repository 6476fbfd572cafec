"""Lists the images of OpenImages V3, `train/<id>` a line, for the owners' downloader.py."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .prepare_dataset import SPLITS


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm openimages-ids --root data/openimages --splits train '
        '--out ids.txt',
    )
    parser.add_argument('--root', required=True, help='folder that 2017_11 was extracted to')
    parser.add_argument(
        '--splits',
        nargs='+',
        choices=SPLITS['openimages-v3'],
        default=['train'],
        help='to list',
    )
    parser.add_argument('--out', required=True, help='text file to write')
    parser.add_argument(
        '--missing', action='store_true', help='only images that are not in ROOT/SPLIT yet'
    )
    parser.add_argument(
        '--keep-unlabelled',
        action='store_true',
        help='also images that have labels of other than the trainable classes only',
    )
    return parser.parse_args(argv)
