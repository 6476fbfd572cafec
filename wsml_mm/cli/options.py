"""The config that a command line names, with MMPretrain's options applied."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from mmengine.config import Config

from wsml_mm.experiments.compose import read_config
from wsml_mm.experiments.configs import fill_loaders, is_shipped_protocol
from wsml_mm.experiments.options import merge_options
from wsml_mm.quiet import quiet


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


def config_of(args: argparse.Namespace, name: str | None = None) -> Config:
    """Reads the config of a command that trains nothing, with --cfg-options applied.

    Args:
        args: with `method`, `upper_bound` and `cfg_options`.
        name: of the config; None: `args.config`.

    Raises:
        FileNotFoundError: if there is no such config or method.
        ValueError: if they do not go together.
    """
    with quiet():
        cfg = read_config(args.config if name is None else name, args.method, args.upper_bound)
    merge_options(cfg, args.cfg_options)
    return cfg


def _run_name(cfg: Config, args: argparse.Namespace) -> str:
    path = Path(cfg.filename)
    shipped = is_shipped_protocol(cfg.filename)
    name = f'{path.stem}_{path.parent.name}' if shipped else path.stem
    applied = shipped or args.method is not None or args.upper_bound
    return f'{cfg.method.key}_{name}' if applied else name


def finish_config(cfg: Config, args: argparse.Namespace, loaders: list[str]) -> None:
    """Applies --cfg-options, then fills the loaders' defaults."""
    merge_options(cfg, args.cfg_options)
    fill_loaders(
        cfg, loaders, not args.no_pin_memory, not getattr(args, 'no_persistent_workers', False)
    )
