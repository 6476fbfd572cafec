"""Compares methods over seeds: trains all, tests each at its best and last epoch, tabulates."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.comparison import run_comparison
from wsml_mm.reports.comparison import draw_curves, write_tables
from wsml_mm_cli.command import run
from wsml_mm_cli.compare import parse_args

from .comparison_options import (
    chosen_baseline,
    chosen_entries,
    command_line,
    execution_of,
    stopping_in_one_line,
    styles_of,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods, root = chosen_entries(args), Path(args.work_dir)
    baseline = chosen_baseline(args.baseline, methods)
    with stopping_in_one_line() as failures:
        outcome = run_comparison(methods, args.seeds, root, args.cfg_options, execution_of(args))
        failures += outcome.failures
        print('\n' + write_tables(outcome.results, root, baseline, command_line('compare', argv)))
        styles = styles_of(methods, root, args.seeds[0])
        draw_curves(outcome.results, root / 'mAP_by_epoch', args.title, styles)
        print(f'Tables, figure and configs: {root}')


if __name__ == '__main__':
    run(main)
