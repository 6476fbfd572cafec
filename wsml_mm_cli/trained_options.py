"""Options of commands that take a trained model: which one, and which scores are labels."""

from __future__ import annotations

import argparse
from pathlib import Path

from .options import add_method_options, add_settings_option


def add_trained_options(parser: argparse.ArgumentParser) -> None:
    """Adds CONFIG, CHECKPOINT and what says more about them, for `trained_of`."""
    parser.add_argument('config', help='of the training: a file, or a protocol with --method')
    parser.add_argument('checkpoint', help='checkpoint file of train or compare')
    add_method_options(parser)
    parser.add_argument(
        '--classes',
        type=Path,
        help='text file of class names, where neither checkpoint nor config says them',
    )
    parser.add_argument('--device', help='to compute on, e.g. cpu or cuda:1; default: a GPU if any')
    add_settings_option(parser)


def add_threshold_option(parser: argparse.ArgumentParser) -> None:
    """Adds --threshold, for `thresholds_of_text`."""
    parser.add_argument(
        '--threshold',
        default='0.5',
        metavar='T',
        help='a class is there from this score on: a number; best-f1 or precision=0.9, chosen for '
        "each class on the config's validation images; or a JSON file of numbers by class; "
        'default: 0.5',
    )
