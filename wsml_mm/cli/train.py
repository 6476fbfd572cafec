"""Trains a config, with MMPretrain's arguments; follows a config's `linear_init` first stage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.config import Config

from wsml_mm.experiments.configs import LOADERS
from wsml_mm.experiments.training import train

from .command import run
from .options import add_shared_options, finish_config, load_config


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description='Train a multi-label classifier')
    parser.add_argument('config', help='config file, or its name below the configs of wsml_mm')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='resume from this checkpoint, or without a value from the latest in the work folder',
    )
    parser.add_argument('--no-validate', action='store_true', help='train without validation')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the rate with batches')
    parser.add_argument(
        '--no-persistent-workers', action='store_true', help='start loader workers every epoch'
    )
    add_shared_options(parser)
    return parser.parse_args(argv)


def make_config(args: argparse.Namespace) -> Config:
    """Returns the config to run, the command line's wishes merged."""
    cfg = load_config(args)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.resume is not None:
        cfg.resume = True
        cfg.load_from = None if args.resume == 'auto' else args.resume
    if args.auto_scale_lr:
        cfg.auto_scale_lr.enable = True
    finish_config(cfg, args, LOADERS)
    return cfg


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    train(make_config(parse_args(argv)))


if __name__ == '__main__':
    run(main)
