"""Compares methods over seeds: trains all, tests each at its best and last epoch, tabulates."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import DictAction

from wsml_mm.experiments.comparison import run_comparison, run_folder
from wsml_mm.experiments.entries import Entry, read_entries
from wsml_mm.experiments.method import shipped_methods
from wsml_mm.reports.comparison import draw_curves, write_tables
from wsml_mm.reports.styles import Style, read_styles


def add_comparison_options(parser: argparse.ArgumentParser, needs_work_dir: bool = True) -> None:
    """Adds what every tool takes that trains methods and compares them."""
    parser.add_argument(
        'configs',
        nargs='+',
        metavar='CONFIG',
        help='with --methods a protocol (scenes/lite0_linear.py, or a config of your own), and '
        'besides it NAME=FILE; without, a complete config a method, FILE or NAME=FILE',
    )
    parser.add_argument(
        '--methods',
        nargs='+',
        metavar='METHOD',
        help=f'to compare under the protocol: {", ".join(shipped_methods())}, or files of your own',
    )
    parser.add_argument(
        '--upper-bound', action='store_true', help='also train AN on all labels ("full labels")'
    )
    parser.add_argument('--seeds', nargs='+', type=int, default=[1200], help='of labels + training')
    parser.add_argument(
        '--work-dir', required=needs_work_dir, help='folder for runs, tables and figures'
    )
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time')
    parser.add_argument('--title', default='', help='of the figure')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override')


def chosen_entries(args: argparse.Namespace) -> list[Entry]:
    """Returns what parsed options compare."""
    return read_entries(args.configs, args.methods, args.upper_bound)


def add_baseline_option(parser: argparse.ArgumentParser) -> None:
    """Adds --baseline, for `chosen_baseline`."""
    parser.add_argument('--baseline', help='method that others are compared with; default: first')


def chosen_baseline(name: str | None, methods: Sequence[Entry]) -> str:
    """Returns the method that others are compared with.

    Raises:
        SystemExit: if it is none of them.
    """
    names = [m.name for m in methods]
    keys = {m.method.key: m.name for m in methods if m.method and not m.upper_bound}
    chosen = names[0] if name is None else keys.get(name, name)
    if chosen not in names:
        raise SystemExit(f'--baseline {name}: not one of {names}')
    return chosen


def styles_of(methods: Sequence[Entry], root: Path, seed: int) -> dict[str, Style]:
    """Returns the styles of methods that are trained below `root`, for all figures of a tool."""
    return read_styles({m.name: run_folder(root, m.name, seed) for m in methods})


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description='Compare methods of one protocol over seeds')
    add_comparison_options(parser)
    add_baseline_option(parser)
    return parser.parse_args(argv)


def spelled(tool: str, argv: Sequence[str] | None) -> str:
    """Returns the command line of a tool, to be written beside what it makes."""
    return shlex.join(['python', f'tools/{tool}.py', *(sys.argv[1:] if argv is None else argv)])


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods = chosen_entries(args)
    baseline = chosen_baseline(args.baseline, methods)
    root = Path(args.work_dir)
    results = run_comparison(methods, args.seeds, root, args.jobs, args.cfg_options)
    print('\n' + write_tables(results, root, baseline, spelled('compare', argv)))
    draw_curves(results, root / 'mAP_by_epoch', args.title, styles_of(methods, root, args.seeds[0]))
    print(f'Tables, figure and configs: {root}')


if __name__ == '__main__':
    main()
