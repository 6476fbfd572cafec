"""Writes a protocol with a method as a config that stands by itself, for any train.py."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.compose import BASELINE, read_config
from wsml_mm.experiments.entries import set_seed
from wsml_mm.experiments.method import read_method
from wsml_mm.experiments.options import merge_options
from wsml_mm.experiments.written import write_config
from wsml_mm_cli.command import run
from wsml_mm_cli.write_config import parse_args


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    cfg = read_config(args.protocol, args.method, args.upper_bound)
    merge_options(cfg, args.cfg_options)
    if args.seed is not None:
        set_seed(cfg, args.seed)
    commands = write_config(cfg, args.out)
    what = 'full labels' if args.upper_bound else (cfg.get('method') or {}).get('title', 'config')
    print(f'{args.out}: {what} under {args.protocol}; train it, here or with MMPretrain, by')
    method = read_method(args.method or BASELINE)
    if method.fragment.get('imports'):
        folder = Path(method.file).resolve().parent
        commands = [f'PYTHONPATH={folder} {command}' for command in commands]
    print('\n'.join(f'  {command}' for command in commands))


if __name__ == '__main__':
    run(main)
