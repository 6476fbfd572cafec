"""Test mAP of rare and of frequent classes: a comparison's results over groups of classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from wsml_mm.evaluation.frequency_groups import groups_by_count
from wsml_mm.experiments.class_counts import count_annotations, require_class_scores
from wsml_mm.experiments.comparison import run_comparison
from wsml_mm.experiments.entries import seeded_config
from wsml_mm.reports.groups import class_rows, group_markdown, group_members, group_rows
from wsml_mm.reports.groups_figure import draw_groups, group_labels
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.tables import write_csv
from wsml_mm_cli.command import run
from wsml_mm_cli.groups import parse_args

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
    configs = [seeded_config(method, args.seeds[0], args.cfg_options) for method in methods]
    for cfg, method in zip(configs, methods, strict=True):
        require_class_scores(cfg, method.config)
    classes, counts = count_annotations(configs[0])
    if args.count == 'annotated' and len(set(counts['annotated'])) == 1:
        raise SystemExit('--count annotated: all labels are annotated; use --count positive')
    ordered = class_rows(classes, counts, groups_by_count(counts[args.count], args.groups))
    groups = group_members(ordered)
    with stopping_in_one_line() as failures:
        outcome = run_comparison(methods, args.seeds, root, args.cfg_options, execution_of(args))
        failures += outcome.failures
        rows, command = group_rows(outcome.results, groups, baseline), command_line('groups', argv)
        labels = group_labels(ordered, args.count)
        styles = styles_of(methods, root, args.seeds[0])
        figure = draw_groups(rows, labels, baseline, args.checkpoint, args.title, styles)
        figure.axes[-1].set_xlabel(f'classes by number of {args.count} annotations for training')
        paths = write_figure_files(root / 'groups', figure, rows, command)
        write_csv(root / 'groups_classes.csv', ordered)
        table = group_markdown(rows, groups)
        (root / 'groups.md').write_text(f'{table}\nMade by `{command}`\n', encoding='utf-8')
        print(f'\n{table}\nFigure and tables: {paths[0]}')


if __name__ == '__main__':
    run(main)
