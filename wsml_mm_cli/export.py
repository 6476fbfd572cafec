"""Writes a trained model as one file for other programs, and its card."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from .number_options import integer
from .options import OneOrTwo
from .trained_options import add_threshold_option, add_trained_options

EXAMPLE = """example, for a model that compare has trained:
  wsml-mm export scenes/lite0_linear.py work_dirs/demo/an_1200/epoch_25.pth \\
      --input-size 128 --threshold best-f1 --out scenes.onnx
writes scenes.onnx, and scenes.onnx.md and scenes.onnx.json, which say what it is."""


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='Write a trained model as ONNX (opset 18), or as .pt2 of torch.export',
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_trained_options(parser)
    parser.add_argument('--out', type=Path, required=True, help='.onnx or .pt2')
    parser.add_argument(
        '--input-size',
        type=integer(1, 100_000, 'pixels, at least 1'),
        nargs='+',
        action=OneOrTwo,
        metavar='PX',
        help='width and height, where the test pipeline does not resize',
    )
    add_threshold_option(parser)
    parser.add_argument('--licence', default='', help='a line for the card, e.g. "CC BY 4.0"')
    return parser.parse_args(argv)
