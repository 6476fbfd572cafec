"""Trains methods and draws how they memorise wrong labels (Large Loss Matters, Fig. 1)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from .comparison_options import add_comparison_options


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_comparison_options(parser)
    return parser.parse_args(argv)
