"""A comparison's test mAP over groups of classes (Large Loss Matters, CVPR 2022, Table 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsml_mm.experiments.results import MOMENTS, Result, class_scores

from .plots import legend_below, new_figure, tidy_axes
from .styles import Style, style_of
from .tables import (
    CHECKPOINT_TITLES,
    markdown_table,
    paired_interval,
    plus_minus,
    spread_over_seeds,
)

# Names of groups and their classes, in order; a last one holds all classes.
Groups = Mapping[str, Sequence[str]]


def group_scores(result: Result, groups: Groups, moment: str) -> dict[str, float]:
    """Returns the mean AP of each group of one run; classes without any annotation are left out.

    Args:
        result: of `run_once`, tested with `classwise=True`.
        groups: names and their classes.
        moment: of `MOMENTS`.

    Raises:
        ValueError: if the run has no AP of a class.
    """
    scores = class_scores(result, moment)
    means = {}
    for group, classes in groups.items():
        if missing := [name for name in classes if name not in scores]:
            raise ValueError(
                f'{result["method"]} {result["seed"]}: the result has no AP of {missing[0]!r}; '
                "test with test_evaluator=dict(type='MeanAveragePrecision', classwise=True)"
            )
        known = [scores[name] for name in classes if not np.isnan(scores[name])]
        means[group] = float(np.mean(known)) if known else float('nan')
    return means


def group_rows(results: Sequence[Result], groups: Groups, baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method, moment and group: mean, spread, paired difference to a baseline.

    Args:
        results: of `run_comparison`.
        groups: names and their classes.
        baseline: method whose runs with the same seeds are subtracted.
    """
    rows: list[dict[str, Any]] = []
    for moment in MOMENTS:
        runs = {(r['method'], r['seed']): group_scores(r, groups, moment) for r in results}
        for method in dict.fromkeys(r['method'] for r in results):
            seeds = [s for m, s in runs if m == method]
            for group, classes in groups.items():
                score = np.array([runs[method, s][group] for s in seeds])
                row: dict[str, Any] = dict(
                    method=method, moment=moment, group=group, classes=len(classes)
                )
                row |= dict(
                    seeds=len(seeds), mean=float(score.mean()), std=spread_over_seeds(score)
                )
                if method != baseline:
                    other = np.array([runs[baseline, s][group] for s in seeds])
                    row['difference'], row['interval'] = paired_interval(score - other)
                rows.append(row)
    return rows


def group_markdown(rows: Sequence[dict[str, Any]], groups: Groups) -> str:
    """Returns a Markdown table for each moment: methods by groups."""
    cells = {(r['moment'], r['method'], r['group']): plus_minus(r['mean'], r['std']) for r in rows}
    methods = list(dict.fromkeys(row['method'] for row in rows))
    lines = []
    for moment in MOMENTS:
        lines += [f'Test mAP, {CHECKPOINT_TITLES[moment]}:', '']
        body = [[m, *(cells[moment, m, group] for group in groups)] for m in methods]
        lines += [*markdown_table(['method', *groups], body), '']
    lines += [f'{group}: {", ".join(classes)}.' for group, classes in list(groups.items())[:-1]]
    return '\n'.join([*lines, ''])


def draw_groups(
    rows: Sequence[dict[str, Any]],
    labels: Mapping[str, str],
    baseline: str,
    moment: str = 'best',
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> Any:
    """Returns a bar figure: test mAP of each group, and the paired difference to the baseline.

    Args:
        rows: of `group_rows`.
        labels: of each group, below the bars.
        baseline: method that others are compared with.
        moment: of `MOMENTS`.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    rows = [row for row in rows if row['moment'] == moment]
    methods = list(dict.fromkeys(row['method'] for row in rows))
    figure, panels = new_figure(2, 1, figsize=(8.4, 6), sharex=True, height_ratios=[1.25, 1])
    width = 0.8 / len(methods)
    for number, method in enumerate(methods):
        own = {row['group']: row for row in rows if row['method'] == method}
        places = np.arange(len(labels)) + (number - (len(methods) - 1) / 2) * width
        style = dict(width=width * 0.92, label=method, **style_of(method, styles).bar())
        for axes, keys in zip(panels, (('mean', 'std'), ('difference', 'interval')), strict=True):
            if axes is panels[1] and method == baseline:
                continue
            height, error = ([own[group][key] for group in labels] for key in keys)
            axes.bar(places, height, yerr=error, **style, error_kw=dict(lw=0.9, ecolor='#777777'))
    panels[0].set(ylabel='test mAP (%)', title=title or CHECKPOINT_TITLES[moment])
    panels[1].set_ylabel(f'minus {baseline}, 95 % interval')
    panels[1].axhline(0, color='black', lw=0.8)
    panels[1].spines['bottom'].set_visible(False)
    panels[1].set_xticks(range(len(labels)), labels.values(), fontsize=8.5)
    for axes in panels:
        axes.axvline(len(labels) - 1.5, color='#bbbbbb', lw=0.8)
        axes.tick_params(axis='x', length=0)
        tidy_axes(axes)
        axes.set_axisbelow(True)
    legend_below(figure, panels[0].get_legend_handles_labels())
    return figure
