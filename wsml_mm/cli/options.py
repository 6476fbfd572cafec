"""Command-line options that train and test share, with MMPretrain's names and meanings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from wsml_mm.experiments.configs import fill_loaders, find_config


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Adds --work-dir, --cfg-options, --amp, --no-pin-memory, --launcher and --local-rank."""
    parser.add_argument('--work-dir', help='folder for logs and checkpoints')
    parser.add_argument('--amp', action='store_true', help='automatic mixed precision')
    parser.add_argument('--no-pin-memory', action='store_true', help='do not pin memory')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings to override, key=value, e.g. train_cfg.max_epochs=3 "k=[1,2]"',
    )
    parser.add_argument(
        '--launcher', choices=['none', 'pytorch', 'slurm', 'mpi'], default='none', help='launcher'
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help='set by torchrun')


def load_config(args: argparse.Namespace) -> Config:
    """Reads the config of parsed options and settles its work_dir and launcher.

    Raises:
        FileNotFoundError: if there is no such config.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = Config.fromfile(find_config(args.config))
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = os.path.join('work_dirs', Path(args.config).stem)
    return cfg


def finish_config(cfg: Config, args: argparse.Namespace, loaders: list[str]) -> None:
    """Fills the loaders' defaults, then applies --cfg-options."""
    fill_loaders(
        cfg, loaders, not args.no_pin_memory, not getattr(args, 'no_persistent_workers', False)
    )
    if args.cfg_options is not None:
        cfg.merge_from_dict(args.cfg_options)
