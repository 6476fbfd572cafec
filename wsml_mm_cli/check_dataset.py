"""Checks a data set: finds all that is wrong with a table of labels, or with a config's data."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .table_options import add_table_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Find all that is wrong with a data set; the exit code is 1 if there is any',
        epilog='example: wsml-mm check-dataset mydata/train.csv --images mydata/images --decode',
    )
    parser.add_argument(
        'source',
        help='a table of labels (CSV, Parquet, JSON), JSON of MMPretrain, COCO, FiftyOne or Label '
        'Studio, a folder of VOC XML, or a config',
    )
    parser.add_argument('--html', type=Path, help='also write the report as a page with pictures')
    parser.add_argument(
        '--decode', action='store_true', help='decode every image, and find identical files'
    )
    parser.add_argument(
        '--verify',
        action='store_true',
        help='read again what kept stamps say is unchanged: prepared labels, feature caches, and '
        'with a config the stamps and results of comparisons',
    )
    parser.add_argument(
        '--scores',
        type=Path,
        help='scores of the images, to estimate class priors: a table as `predict` writes it '
        '("image" and "score/CLASS" columns), or .npy',
    )
    add_table_options(parser)
    config = parser.add_argument_group('for a config')
    config.add_argument('--loader', choices=['train', 'val', 'test'], default='train')
    config.add_argument(
        '--all-labels', action='store_true', help='also those that `observe` hides from the model'
    )
    config.add_argument(
        '--work-dir',
        nargs='+',
        type=Path,
        default=[Path('work_dirs')],
        metavar='DIR',
        help='of comparisons, for --verify; default: work_dirs',
    )
    return parser.parse_args(argv)
