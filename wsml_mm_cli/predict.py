"""Finds the labels of photographs with a trained model."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .number_options import integer
from .options import CAM_METHODS
from .trained_options import add_threshold_option, add_trained_options

EXAMPLE = """example, for a model that compare has trained:
  wsml-mm predict scenes/lite0_linear.py work_dirs/demo/an_1200/epoch_25.pth photographs/ \\
      --threshold best-f1 --out labels.csv --show-dir pictures
labels.csv has the columns image, positive and negative of a LabelTable, and every score."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Find the labels of photographs',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_trained_options(parser)
    parser.add_argument(
        'inputs',
        nargs='+',
        metavar='IMAGES',
        help='image files, folders (with all below), patterns such as "*.jpg", or one table',
    )
    parser.add_argument(
        '--out', type=Path, help='.csv, .tsv, .parquet, .json or .jsonl; default: printed'
    )
    add_threshold_option(parser)
    parser.add_argument(
        '--write-threshold', type=Path, metavar='FILE', help='keep the thresholds as JSON'
    )
    parser.add_argument(
        '--top-k', type=integer(1, 10**6, 'a number of classes'), help='instead the likeliest K'
    )
    parser.add_argument('--separator', default='|', help='between labels in CSV; default: |')
    parser.add_argument('--show-dir', type=Path, help='folder for pictures with their labels')
    parser.add_argument(
        '--cams', action='store_true', help='in the pictures also where each label was seen'
    )
    parser.add_argument('--cam-method', choices=CAM_METHODS, default='cam', help='default: cam')
    parser.add_argument(
        '--batch-size', type=integer(1, 2**20, 'a number of images'), default=16, help='default: 16'
    )
    parser.add_argument(
        '--workers',
        type=integer(0, 1024, 'a number of processes'),
        default=1,
        help='processes that load images; default: 1',
    )
    table = parser.add_argument_group('for a table of images')
    table.add_argument('--images', type=Path, help='their folder; default: that of the table')
    table.add_argument('--columns', nargs='+', default=[], metavar='image=NAME', help='the column')
    table.add_argument('--suffix', default='', help='of images named without, e.g. .jpg')
    args = parser.parse_args(argv)
    if args.cams and args.show_dir is None:
        parser.error('--cams draws into pictures: give --show-dir DIR as well')
    if args.top_k is not None and (args.threshold != '0.5' or args.write_threshold):
        parser.error('--top-k takes the likeliest classes, --threshold those of a score; give one')
    return args
