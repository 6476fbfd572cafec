"""Writes the observed labels of a config's training set, over the whole split, as a mask file."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .options import add_settings_option


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: wsml-mm write-mask mine.py mask.npz',
    )
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument('out', help='mask file to write, .npz')
    add_settings_option(parser, 'e.g. train_dataloader.dataset.observe.seed=1201')
    return parser.parse_args(argv)
