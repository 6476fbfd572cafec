"""Trains a config, with MMPretrain's arguments; follows a config's `linear_init` first stage."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from mmengine.config import Config

from wsml_mm.experiments.configs import LOADERS
from wsml_mm.experiments.training import KEEP_EPOCHS, train
from wsml_mm_cli.command import run
from wsml_mm_cli.train import parse_args

from .options import finish_config, load_config


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
    if args.keep_epochs:
        cfg.merge_from_dict(KEEP_EPOCHS)
    if args.auto_scale_lr:
        cfg.auto_scale_lr.enable = True
    finish_config(cfg, args, LOADERS)
    return cfg


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    train(make_config(parse_args(argv)))


if __name__ == '__main__':
    run(main)
