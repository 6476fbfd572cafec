"""Puts the verdicts on an audit's suspicions into new labels."""

from __future__ import annotations

import argparse


def main(args: argparse.Namespace) -> None:
    """Runs the command."""
    raise NotImplementedError
