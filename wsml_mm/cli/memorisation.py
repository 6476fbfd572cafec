"""Trains methods and draws how they memorise wrong labels (Large Loss Matters, Fig. 1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.trained import dynamics_of
from wsml_mm.reports.memorisation import draw_memorisation, memorisation_rows
from wsml_mm.reports.plots import write_figure_files
from wsml_mm_cli.command import run
from wsml_mm_cli.memorisation import parse_args

from .comparison_options import (
    chosen_entries,
    command_line,
    execution_of,
    stopping_in_one_line,
)


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods, root = chosen_entries(args), Path(args.work_dir)
    with stopping_in_one_line() as failures:
        runs, failed = dynamics_of(methods, args.seeds, root, args.cfg_options, execution_of(args))
        failures += failed
        paths = write_figure_files(
            root / 'memorisation',
            draw_memorisation(runs, args.title),
            memorisation_rows(runs),
            command_line('memorisation', argv),
        )
        print('Memorisation: ' + ', '.join(str(path) for path in paths))


if __name__ == '__main__':
    run(main)
