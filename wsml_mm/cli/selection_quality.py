"""Trains methods and draws how often their choices are right (Large Loss Matters, Fig. 4)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.history import RunDynamics
from wsml_mm.experiments.trained import dynamics_of
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.selection_figures import draw_classes, draw_quality
from wsml_mm.reports.selection_quality import acting, quality_rows, shown_classes
from wsml_mm.reports.styles import Style
from wsml_mm_cli.command import run
from wsml_mm_cli.selection_quality import parse_args

from .comparison_options import (
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
    with stopping_in_one_line() as failures:
        trained, failed = dynamics_of(
            methods, args.seeds, root, args.cfg_options, execution_of(args)
        )
        failures += failed
        styles = styles_of(methods, root, args.seeds[0])
        draw_all(trained, root, args.title, command_line('selection_quality', argv), styles)


def draw_all(
    trained: Sequence[RunDynamics], root: Path, title: str, command: str, styles: dict[str, Style]
) -> None:
    """Draws and tabulates what the methods selected, in total and by class.

    Raises:
        SystemExit: if none selects anything.
    """
    runs, idle = acting(trained)
    if idle:
        print(f'Left out, for they select nothing: {", ".join(idle)}')
    if not runs:
        raise SystemExit('no method selects anything: name a config of LL-R, LL-Ct or LL-Cp')
    shown = shown_classes(runs)
    if len(shown) < len(runs[0].classes):
        print(
            f'By class: the {len(shown)} of {len(runs[0].classes)} classes with most hidden '
            'positives are drawn, all are in the CSV'
        )
    paths = write_figure_files(
        root / 'selection_quality', draw_quality(runs, title, styles), quality_rows(runs), command
    )
    paths += write_figure_files(
        root / 'selection_quality_by_class',
        draw_classes(runs, shown, title, styles),
        quality_rows(runs, by_class=True),
        command,
    )
    print('Selection quality: ' + ', '.join(str(path) for path in paths))


if __name__ == '__main__':
    run(main)
