"""The figure and tables of a sweep: test mAP against the setting, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsml_mm.experiments.results import CHECKPOINTS, RunResult
from wsml_mm.experiments.sweep import REFERENCE

from .comparison import summarise
from .plots import legend_below, new_figure, plot_band, set_title, tidy_axes
from .styles import Style, style_of
from .tables import CHECKPOINT_TITLES, markdown_table, plus_minus

# Results of each value; under REFERENCE those of methods without the setting.
Points = Mapping[str, Sequence[RunResult]]


def sweep_rows(points: Points, name: str, baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method and value: test mAP, and the paired difference to the baseline.

    Args:
        points: results of each value.
        name: of the setting's column.
        baseline: method whose runs, at the same value or as reference, are subtracted.
    """
    references = points.get(REFERENCE, ())
    rows = []
    for value, results in points.items():
        here = {r.method for r in results}
        compared = results if value == REFERENCE else [*references, *results]
        for row in summarise(compared, baseline):
            if row['method'] in here:
                rows.append({'method': row.pop('method'), name: value, **row})
    return rows


def run_rows(points: Points, name: str) -> list[dict[str, Any]]:
    """Returns one row a run: its scores, best epoch and time."""
    return [
        {
            'method': r.method,
            name: value,
            'seed': r.seed,
            'best_epoch': r.best_epoch,
            **{f'{checkpoint}_mAP': r.score(checkpoint) for checkpoint in CHECKPOINTS},
            'seconds': r.seconds,
        }
        for value, results in points.items()
        for r in results
    ]


def sweep_markdown(rows: Sequence[dict[str, Any]], name: str, methods: Sequence[str]) -> str:
    """Returns two Markdown tables, best validation and last epoch: methods by values.

    Args:
        rows: of `sweep_rows`.
        name: of the setting's column.
        methods: their order.
    """
    cells = {(row['method'], row[name]): row for row in rows}
    values = list(dict.fromkeys(row[name] for row in rows))
    head = ['method', *('without' if value == REFERENCE else value for value in values)]
    lines = []
    for checkpoint in CHECKPOINTS:
        body = []
        for method in methods:
            found = [cells.get((method, value)) for value in values]
            texts = [
                plus_minus(r[f'{checkpoint}_mean'], r[f'{checkpoint}_std']) if r else ''
                for r in found
            ]
            body.append([method, *texts])
        lines += [f'Test mAP by {name}, {CHECKPOINT_TITLES[checkpoint]}:', '']
        lines += [*markdown_table(head, body), '']
    for method in methods:
        own = [row for row in rows if row['method'] == method]
        if len(own) > 1 and len({(row['best_mean'], row['last_mean']) for row in own}) == 1:
            lines += [f'{method}: the same scores at every value.', '']
    return '\n'.join(lines)


def positions(values: Sequence[str]) -> tuple[list[float], str]:
    """Returns where values stand on the x axis, and its scale.

    Numbers stand at their value, 'linear', or 'log' where they span two decades or more; anything
    else side by side, 'category'.
    """
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        return [float(place) for place in range(len(values))], 'category'
    wide = min(numbers) > 0 and max(numbers) >= 100 * min(numbers)
    return numbers, 'log' if wide else 'linear'


def draw_sweep(
    points: Points,
    label: str,
    methods: Sequence[str],
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> Any:
    """Returns a figure of test mAP against the setting, best validation and last epoch.

    Mean and standard deviation over seeds; references are horizontal and dashed.

    Args:
        points: results of each value.
        label: of the x axis.
        methods: their order.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    values = [value for value in points if value != REFERENCE]
    places, scale = positions(values)
    figure, panels = new_figure(1, 2, figsize=(9.6, 4.2))
    for axes, checkpoint in zip(panels, CHECKPOINTS, strict=True):
        axes.set_xscale('log' if scale == 'log' else 'linear')
        for method in methods:
            style = {'label': method, **style_of(method, styles).line()}
            held = _scores(points.get(REFERENCE, ()), method, checkpoint)
            if held:
                ends = [min(places), max(places)]
                reference = {**style, 'linestyle': '--', 'marker': ''}
                plot_band(axes, ends, [[score] * 2 for score in held.values()], **reference)
                continue
            scores = [_scores(points[value], method, checkpoint) for value in values]
            order = [i for i in np.argsort(places, kind='stable') if scores[i]]
            # A line is one seed's: there is none of a seed that failed at a value.
            seeds = set.intersection(*(set(scores[i]) for i in order)) if order else set()
            if not seeds:
                continue
            curves = [[scores[i][seed] for i in order] for seed in sorted(seeds)]
            plot_band(axes, [places[i] for i in order], curves, **style, markevery=1)
        axes.set(xlabel=label, title=CHECKPOINT_TITLES[checkpoint])
        axes.set_xticks(places, values)
        axes.minorticks_off()
        if scale == 'category':
            axes.margins(x=0.2)
        tidy_axes(axes)
    panels[0].set_ylabel('test mAP (%)')
    legend_below(figure, panels[0].get_legend_handles_labels())
    set_title(figure, title)
    return figure


def _scores(results: Sequence[RunResult], method: str, checkpoint: str) -> dict[int, float]:
    return {r.seed: r.score(checkpoint) for r in results if r.method == method}
