"""Prepares a benchmark: what is missing, unpacking, reading once, and numbers beside published."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

# What `wsml_mm.benchmarks` has, which would have to be imported for it.
SPLITS = {
    'voc2012': ('train', 'val'),
    'coco2014': ('train', 'val'),
    'nuswide-cole': ('train', 'val'),
    'nuswide-official': ('train', 'test'),
    'cub200': ('train', 'test'),
    'openimages-v3': ('train', 'validation', 'test'),
}


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm prepare-dataset voc2012 --root data',
    )
    parser.add_argument('name', choices=list(SPLITS), help='of the benchmark')
    parser.add_argument(
        '--root',
        default=os.environ.get('WSML_DATA', 'data'),
        help='folder of all data sets; default: $WSML_DATA, or data',
    )
    parser.add_argument('--split', nargs='+', help='splits to prepare; default: all')
    parser.add_argument('--unpack', action='store_true', help='unpack the archives that are there')
    parser.add_argument('--verify', action='store_true', help='compute the checksums of archives')
    args = parser.parse_args(argv)
    splits = list(SPLITS[args.name])
    if unknown := set(args.split or []) - set(splits):
        parser.error(f'--split {" ".join(sorted(unknown))}: {args.name} has {splits}')
    args.split = args.split or splits
    return args
