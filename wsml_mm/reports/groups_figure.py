"""The figure of a comparison by groups of classes: bars, and paired differences below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .plots import legend_below, new_figure, set_title, tidy_axes, wrapped
from .styles import Style, style_of
from .tables import CHECKPOINT_TITLES


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


def draw_groups(
    rows: Sequence[dict[str, Any]],
    labels: Mapping[str, str],
    baseline: str,
    checkpoint: str = 'best',
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> Any:
    """Returns a bar figure: test mAP of each group, and the paired difference to the baseline.

    Args:
        rows: of `group_rows`.
        labels: of each group, below the bars.
        baseline: method that others are compared with.
        checkpoint: of `CHECKPOINTS`.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    rows = [row for row in rows if row['checkpoint'] == checkpoint]
    methods = list(dict.fromkeys(row['method'] for row in rows))
    alone = methods == [baseline]  # no differences to draw
    figure, grid = new_figure(
        *((1, 1) if alone else (2, 1)),
        figsize=(8.4, 3.8 if alone else 6),
        sharex=True,
        squeeze=False,
        height_ratios=[1.25] if alone else [1.25, 1],
    )
    panels = grid[:, 0]
    width = 0.8 / len(methods)
    for number, method in enumerate(methods):
        own = {row['group']: row for row in rows if row['method'] == method}
        places = np.arange(len(labels)) + (number - (len(methods) - 1) / 2) * width
        style = dict(width=width * 0.92, label=method, **style_of(method, styles).bar())
        shown = [('mean', 'std'), *([] if method == baseline else [('difference', 'interval')])]
        for axes, keys in zip(panels, shown, strict=False):
            height, error = ([own[g].get(key, np.nan) for g in labels] for key in keys)
            axes.bar(places, height, yerr=error, **style, error_kw=dict(lw=0.9, ecolor='#777777'))
    panels[0].set_ylabel('test mAP (%)')
    set_title(figure, title or CHECKPOINT_TITLES[checkpoint])
    if not alone:
        panels[1].set_ylabel(wrapped(f'minus {baseline}, 95 % interval', 2.4))
        panels[1].axhline(0, color='black', lw=0.8)
        panels[1].spines['bottom'].set_visible(False)
    panels[-1].set_xticks(range(len(labels)), labels.values(), fontsize=8.5)
    for axes in panels:
        axes.axvline(len(labels) - 1.5, color='#bbbbbb', lw=0.8)
        axes.tick_params(axis='x', length=0)
        tidy_axes(axes)
        axes.set_axisbelow(True)
    legend_below(figure, panels[0].get_legend_handles_labels())
    return figure
