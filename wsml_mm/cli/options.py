"""Command-line options that train and test share, with MMPretrain's names and meanings."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config, DictAction

from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.configs import fill_loaders, is_shipped_protocol
from wsml_mm.experiments.method import shipped_methods
from wsml_mm.experiments.options import merge_options


def add_method_options(parser: argparse.ArgumentParser) -> None:
    """Adds --method and --upper-bound, for tools that take one config."""
    parser.add_argument(
        '--method',
        help=f'in place of the one in the config: {", ".join(shipped_methods())}, or a file of '
        'your own; default: the config as it is, a shipped protocol with AN',
    )
    parser.add_argument('--upper-bound', action='store_true', help='AN with all labels observed')


def add_shared_options(parser: argparse.ArgumentParser) -> None:
    """Adds what train and test share: MMPretrain's options, --method and --upper-bound."""
    add_method_options(parser)
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
    """Reads the config of parsed options and sets its work_dir and launcher.

    Raises:
        FileNotFoundError: if there is no such config or method.
        ValueError: if they do not go together.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config, args.method, args.upper_bound)
    cfg.launcher = args.launcher
    if args.work_dir is not None:
        cfg.work_dir = args.work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = os.path.join('work_dirs', _run_name(cfg, args))
    return cfg


def _run_name(cfg: Config, args: argparse.Namespace) -> str:
    path = Path(cfg.filename)
    shipped = is_shipped_protocol(cfg.filename)
    name = f'{path.stem}_{path.parent.name}' if shipped else path.stem
    applied = shipped or args.method is not None or args.upper_bound
    return f'{cfg.method.key}_{name}' if applied else name


def finish_config(cfg: Config, args: argparse.Namespace, loaders: list[str]) -> None:
    """Fills the loaders' defaults, then applies --cfg-options."""
    fill_loaders(
        cfg, loaders, not args.no_pin_memory, not getattr(args, 'no_persistent_workers', False)
    )
    merge_options(cfg, args.cfg_options)
