"""Trains methods and draws how often their choices are right (Large Loss Matters, Fig. 4)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from wsml_mm.experiments.trained import dynamics_of
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.selection_figures import draw_classes, draw_quality
from wsml_mm.reports.selection_quality import acting, quality_rows, shown_classes

from .compare import add_comparison_options, chosen_entries, spelled, styles_of


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_comparison_options(parser)
    args = parser.parse_args(argv)
    runs, idle = acting(dynamics_of(args))
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
    root, command = Path(args.work_dir), spelled('selection_quality', argv)
    styles = styles_of(chosen_entries(args), root, args.seeds[0])
    figure = draw_quality(runs, args.title, styles)
    paths = write_figure_files(root / 'selection_quality', figure, quality_rows(runs), command)
    paths += write_figure_files(
        root / 'selection_quality_by_class',
        draw_classes(runs, shown, args.title, styles),
        quality_rows(runs, by_class=True),
        command,
    )
    print('Selection quality: ' + ', '.join(str(path) for path in paths))


if __name__ == '__main__':
    main()
