"""Test mAP of rare and of frequent classes: a comparison's results over groups of classes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from numpy.typing import NDArray

from wsml_mm.evaluation.frequency_groups import COUNTS, annotation_counts, groups_by_count
from wsml_mm.experiments.comparison import run_comparison
from wsml_mm.experiments.config_parts import typed_parts
from wsml_mm.experiments.configs import build_partial_datasets
from wsml_mm.experiments.entries import seeded_config
from wsml_mm.experiments.results import MOMENTS
from wsml_mm.reports.groups import draw_groups, group_markdown, group_rows
from wsml_mm.reports.plots import write_figure_files
from wsml_mm.reports.tables import write_csv

from .compare import (
    add_baseline_option,
    add_comparison_options,
    chosen_baseline,
    chosen_entries,
    spelled,
    styles_of,
)


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(
        description='mAP by groups of classes, rarest first; runs already in the work folder (of '
        'compare) are used as they are'
    )
    add_comparison_options(parser)
    add_baseline_option(parser)
    parser.add_argument('--groups', type=int, default=5, help='how many')
    parser.add_argument(
        '--count',
        choices=COUNTS,
        default='positive',
        help='what makes a class frequent in the training split; OpenImages: annotated',
    )
    parser.add_argument('--moment', choices=MOMENTS, default='best', help='epoch that is drawn')
    return parser.parse_args(argv)


def count_annotations(cfg: Config) -> tuple[tuple[str, ...], dict[str, NDArray[np.int64]]]:
    """Returns the classes and how often each is annotated in the official training split."""
    leaves = build_partial_datasets(cfg)
    counts = {
        c: np.sum([annotation_counts(leaf.full_labels, c) for leaf in leaves], axis=0)
        for c in COUNTS
    }
    return tuple(leaves[0].metainfo['classes']), counts


def require_class_scores(cfg: Config, config: str) -> None:
    """Refuses, before hours of training, a test that does not report every class.

    Raises:
        SystemExit: if no test metric has `classwise=True`.
    """
    if not any(part.get('classwise') for _, part in typed_parts(cfg.test_evaluator)):
        raise SystemExit(
            f'{config}: the test reports no class; set '
            "test_evaluator=dict(type='MeanAveragePrecision', classwise=True)"
        )


def class_rows(
    classes: Sequence[str], counts: dict[str, NDArray[np.int64]], groups: Sequence[Sequence[int]]
) -> list[dict[str, Any]]:
    """Returns one row a class: its group and its annotations, in the order of the groups."""
    return [
        {
            'class': classes[index],
            'group': f'G{number}',
            **{c: int(counts[c][index]) for c in COUNTS},
        }
        for number, group in enumerate(groups, start=1)
        for index in group
    ]


def group_labels(rows: Sequence[dict[str, Any]], count: str) -> dict[str, str]:
    """Returns what stands below each group's bars: name, classes if few, range of the counts."""
    labels = {}
    for group in dict.fromkeys(row['group'] for row in rows):
        own = [row for row in rows if row['group'] == group]
        lines = [group, *([row['class'] for row in own] if len(own) <= 4 else [])]
        if len(own) > 4:
            lines.append(f'{len(own)} classes')
        few, many = own[0][count], own[-1][count]
        lines.append(f'{few}' if few == many else f'{few} to {many}')
        labels[group] = '\n'.join(lines)
    return {**labels, 'all': f'all\n{len(rows)} classes'}


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
    groups: dict[str, list[str]] = {}
    for row in ordered:
        groups.setdefault(row['group'], []).append(row['class'])
    groups['all'] = list(classes)
    results = run_comparison(methods, args.seeds, root, args.jobs, args.cfg_options)
    rows, command = group_rows(results, groups, baseline), spelled('groups', argv)
    labels = group_labels(ordered, args.count)
    styles = styles_of(methods, root, args.seeds[0])
    figure = draw_groups(rows, labels, baseline, args.moment, args.title, styles)
    figure.axes[-1].set_xlabel(f'classes by number of {args.count} annotations for training')
    paths = write_figure_files(root / 'groups', figure, rows, command)
    write_csv(root / 'groups_classes.csv', ordered)
    table = group_markdown(rows, groups)
    (root / 'groups.md').write_text(f'{table}\nMade by `{command}`\n', encoding='utf-8')
    print(f'\n{table}\nFigure and tables: {paths[0]}')


if __name__ == '__main__':
    main()
