"""Compares methods over several data sets and seeds, with ranks, published numbers and tuning."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.compose import BASELINE
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.grid import read_grid
from wsml_mm.experiments.suite import Part, read_suite, run_suite
from wsml_mm.reports.suite import write_suite
from wsml_mm_cli.command import run
from wsml_mm_cli.suite import parse_args

from .comparison_options import chosen_baseline, command_line, stopping_in_one_line


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    parts = read_suite(
        args.configs,
        args.methods,
        args.upper_bound,
        not args.no_partial_validation,
        args.cfg_options,
    )
    baseline = _baseline(args.baseline, parts)
    _print_refused(parts)
    grid = None if args.grid is None else read_grid(args.grid, args.grid_points)
    root = Path(args.work_dir)
    with stopping_in_one_line() as failures:
        found = run_suite(
            parts,
            args.seeds,
            root,
            args.cfg_options,
            Execution(args.jobs, args.devices, keep_going=True),
            grid,
            args.tune_seeds,
            args.tune_on,
        )
        print('\n' + write_suite(found, root, baseline, command_line('suite', argv), args.title))
        print(f'Tables, figures, configs and fingerprints of labels: {root}')
        failures += [failure for part in found for failure in part.failures]


def _baseline(name: str | None, parts: Sequence[Part]) -> str:
    """Returns the method that others are compared with: AN where it runs, else the first."""
    entries = list({entry.name: entry for part in parts for entry in part.entries}.values())
    keys = [entry.method.key for entry in entries if entry.method and not entry.upper_bound]
    return chosen_baseline(BASELINE if name is None and BASELINE in keys else name, entries)


def _print_refused(parts: Sequence[Part]) -> None:
    for part in parts:
        for method, reason in part.refused.items():
            print(f'{part.name}: {method} does not run: {reason}')


if __name__ == '__main__':
    run(main)
