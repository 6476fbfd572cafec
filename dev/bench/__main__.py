"""Measures ours against what users have today, side by side: `make bench ARGS="-k losses"`.

Ratios are medians over pairs that run in turns in one process. `--against TREE` compares every
chosen ratio's own part with that of another checkout, e.g. of an earlier commit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

import torch

import wsml_mm

from .growth import FIGURES
from .report import HEADER, Results, line, write_json, write_page
from .rows import Row, chosen
from .timing import ROOT, SETTINGS, child

GROUPS = (
    'losses', 'whole_step', 'metric', 'store', 'pipeline', 'features', 'linear', 'startup',
    'labels', 'tables', 'gpu', 'gpu_features',
)  # fmt: skip


def parse(argv: list[str] | None) -> argparse.Namespace:
    """Returns the options."""
    parser = argparse.ArgumentParser('bench', description=__doc__.split('\n')[0])
    parser.add_argument('-k', default='', help='only rows whose names this expression finds')
    parser.add_argument('--quick', action='store_true', help='tiny sizes: only whether it runs')
    parser.add_argument('--heavy', action='store_true', help='also rows of minutes or gigabytes')
    parser.add_argument('--list', action='store_true', help='only name the rows')
    parser.add_argument('--rounds', type=int, default=SETTINGS.rounds, help='pairs of a row')
    parser.add_argument('--clock', choices=['cpu', 'wall'], default='cpu')
    parser.add_argument('--gpu', action='store_true', help='measure on a GPU, in wall time')
    parser.add_argument('--threads', type=int, default=1, help="torch's threads")
    parser.add_argument('--json', type=Path, default=Path('work_dirs/bench.json'))
    parser.add_argument('--page', type=Path, help='write the table and plots as Markdown')
    parser.add_argument('--against', type=Path, help='another checkout, whose code is the rival')
    parser.add_argument('--ours', action='store_true', help=argparse.SUPPRESS)  # of --against
    return parser.parse_args(argv)


def load_rows() -> None:
    """Registers the rows and curves of all groups."""
    for group in GROUPS:
        import_module(f'bench.{group}')


def measure(rows: list[Row], quick: bool) -> Results:
    """Measures rows and prints each as it is done."""
    results: Results = []
    for row in rows:
        found = row.measure(quick) if row.measure else None
        print(line(row, found), flush=True)
        if found is not None:
            results.append((row, found))
    return results


def compare_trees(rows: list[Row], tree: Path, options: list[str], rounds: int) -> None:
    """Prints the ratio of this tree's time over another's, in processes that alternate."""
    for row in (r for r in rows if r.measure is not None):
        ratios = []
        command = ['-m', 'bench', '-k', f'^{_escaped(row.name)}$', '--ours', *options]
        for round_ in range(rounds):
            trees = [ROOT, tree.resolve()]
            found = {t: child(*command, tree=t) for t in (trees if round_ % 2 else trees[::-1])}
            for place, numbers in found.items():
                if not Path(numbers['package']).resolve().is_relative_to(place.resolve()):
                    sys.exit(f'{place}: measured {numbers["package"]} instead; give a checkout')
            ratios.append(found[trees[0]][row.name] / found[trees[1]][row.name])
        spread = f'{min(ratios):.3g} to {max(ratios):.3g}'
        print(f'{row.name}: {statistics.median(ratios):.3g} x ({spread}, {rounds} rounds)')


def _escaped(name: str) -> str:
    return ''.join(f'\\{c}' if c in '.()+*?' else c for c in name)


def main(argv: list[str] | None = None) -> None:
    """Runs the command."""
    args = parse(argv)
    warnings.filterwarnings('ignore')
    SETTINGS.clock, SETTINGS.rounds = args.clock, args.rounds
    if args.quick:
        SETTINGS.rounds, SETTINGS.slice_seconds = 1, 0.0
    if args.gpu:
        SETTINGS.clock, SETTINGS.device = 'gpu', 'cuda'
    torch.set_num_threads(args.threads)
    load_rows()
    rows = chosen(args.k, args.heavy)
    if not rows:
        sys.exit(f'-k {args.k!r}: finds no row; --list names them')
    if args.list:
        print(*(row.name for row in rows), sep='\n')
    elif args.against:
        options = [*(['--quick'] if args.quick else []), '--heavy']
        compare_trees(rows, args.against, options, args.rounds)
    elif args.ours:
        SETTINGS.alone = True
        times: dict[str, Any] = {'package': wsml_mm.__file__}
        times |= {r.name: statistics.median(r.measure(args.quick).ours) for r in rows if r.measure}
        print(json.dumps(times))
    else:
        print(HEADER)
        results = measure(rows, args.quick)
        write_json(results, args.json)
        print(f'\n{args.json}: the samples')
        if args.page:
            curves = {title: figure.measure(args.quick) for title, figure in FIGURES.items()}
            write_page(results, curves, args.page)


if __name__ == '__main__':
    main()
