"""Command line: `python -m audit_study scores --help`."""

from __future__ import annotations

import argparse
import shlex
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

from .protocols import OBSERVED, Group

METHODS = (
    'an', 'wan', 'lsan', 'epr', 'role', 'em', 'em-apl', 'll-r', 'll-ct', 'll-cp', 'hill', 'splc',
    'asl', 'gr', 'gpr', 'curriculum', 'threshold-write-back', 'crisp', 'recipe',
)  # fmt: skip


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser('audit_study', description=__doc__)
    commands = parser.add_subparsers(dest='command', required=True)
    scores = commands.add_parser('scores', help='rank hidden labels by many scores')
    scores.add_argument('--methods', nargs='+', default=METHODS, help='the first is the baseline')
    scores.add_argument('--observed', nargs='+', choices=OBSERVED, default=list(OBSERVED))
    scores.add_argument(
        '--held-out', type=int, default=1, help='also 5 folds of the first so many methods'
    )
    scores.add_argument('--cleanlab', help='a Python that has cleanlab; default: leave it out')
    rounds = commands.add_parser('rounds', help='train again on what an audit found')
    rounds.add_argument(
        '--methods', nargs='+', default=['ll-r'], help='each in a figure of its own'
    )
    rounds.add_argument('--observed', nargs='+', choices=OBSERVED, default=['single'])
    rounds.add_argument('--rounds', type=int, default=3)
    rounds.add_argument('--pairs', type=int, default=200, help='judged in a round')
    draw = commands.add_parser('draw', help='one figure of rows that were measured in parts')
    draw.add_argument('rows', nargs='+', type=Path, help='NAME_seeds.csv, or NAME.csv of rounds')
    draw.add_argument('--out', type=Path, required=True, help='figure and table, no suffix')
    for each in (scores, rounds):
        each.add_argument('--data', nargs='+', default=['voc5', 'mosaic'])
        each.add_argument('--seeds', nargs='+', type=int, required=True)
        each.add_argument('--epochs', type=int, default=15)
        each.add_argument('--jobs', type=int, default=1, help='trainings at a time')
        each.add_argument('--work-dir', type=Path, required=True)
        each.add_argument('--out', type=Path, required=True, help='figure and table, no suffix')
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    warnings.filterwarnings('ignore')
    args = parse_args(argv)
    words = sys.argv[1:] if argv is None else argv
    command = shlex.join(['python', '-m', 'audit_study', *words])
    from . import figures, rounds, scores

    if args.command == 'draw':
        rows = figures.read_rows(args.rows)
        named = dict.fromkeys((row['data'], row['observed']) for row in rows)
        groups = [_group(*each) for each in named]
    else:
        groups = [_group(data, observed) for observed in args.observed for data in args.data]
        measure = {'scores': scores.seed_rows, 'rounds': rounds.chain_rows}[args.command]
        rows = [row for group in groups for row in measure(group, args)]
    write = figures.write_scores if 'score' in rows[0] else figures.write_rounds
    print(write(rows, groups, args.out, command))


def _group(data: str, observed: str) -> Group:
    return Group(f'{data}/lite0_linear.py', observed)


if __name__ == '__main__':
    main()
