"""The pointing game of several methods as bars by class and as a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .plots import legend_below, new_figure, set_title, tidy_axes
from .styles import Style, style_of
from .tables import CHECKPOINT_TITLES, markdown_table, plus_minus, spread_over_seeds

ACCURACY, MEAN_CLASS = 'accuracy', 'mean_class_accuracy'
_GROUPS = {MEAN_CLASS: 'mean over\nclasses', ACCURACY: 'all pairs'}
_MOST_CLASSES = 20  # beyond this many, bars by class cannot be read

Row = dict[str, Any]


def draw_pointing_game(
    rows: Sequence[Row],
    classes: Sequence[str],
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> Any:
    """Returns a figure of accuracies by class and method, one panel a checkpoint.

    Args:
        rows: one a run and checkpoint: `method`, `seed`, `checkpoint` ('best' or 'last'),
            `accuracy`, `mean_class_accuracy`, one key a class that has a box, and the same with
            `centre/`.
        classes: in the order to draw.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    judged = [name for name in classes if name in rows[0]]
    groups = [*(judged if len(judged) <= _MOST_CLASSES else []), *_GROUPS]
    checkpoints = list(dict.fromkeys(row['checkpoint'] for row in rows))
    width = max(5.5, 1.5 + 0.75 * len(groups))
    figure, axes = new_figure(
        len(checkpoints), figsize=(width, 2.9 * len(checkpoints)), sharex=True, squeeze=False
    )
    for checkpoint, axis in zip(checkpoints, axes[:, 0], strict=True):
        _draw_panel(axis, [row for row in rows if row['checkpoint'] == checkpoint], groups, styles)
        axis.set_title(CHECKPOINT_TITLES.get(checkpoint, checkpoint), loc='left', fontsize=10)
    axes[-1, 0].set_xticks(np.arange(len(groups)), [_GROUPS.get(g, g) for g in groups])
    handles, labels = axes[0, 0].get_legend_handles_labels()
    handles, labels = [*handles[1:], handles[0]], [*labels[1:], labels[0]]  # the centre last
    legend_below(figure, (handles, labels))
    set_title(figure, title)
    return figure


def _draw_panel(
    axis: Any, rows: Sequence[Row], groups: Sequence[str], styles: dict[str, Style]
) -> None:
    methods = list(dict.fromkeys(row['method'] for row in rows))
    place, thick = np.arange(len(groups)), 0.8 / len(methods)
    for number, method in enumerate(methods):
        mean, spread = _over_seeds([r for r in rows if r['method'] == method], groups)
        axis.bar(
            place + (number - (len(methods) - 1) / 2) * thick,
            mean,
            thick * 0.92,
            yerr=None if np.isnan(spread).all() else spread,
            label=method,
            error_kw={'elinewidth': 1, 'capsize': 2},
            **style_of(method, styles).bar(),
        )
    centre = [rows[0].get(f'centre/{group}', np.nan) for group in groups]
    axis.hlines(
        centre, place - 0.45, place + 0.45, colors='black', linestyles=':', label='image centre'
    )
    axis.set(ylabel='pointing accuracy (%)', ylim=(0, 100))
    tidy_axes(axis)


def _over_seeds(
    rows: Sequence[Row], groups: Sequence[str]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = np.array([[row.get(group, np.nan) for group in groups] for row in rows], dtype=float)
    spread = np.array([spread_over_seeds(column) for column in values.T])
    return values.mean(axis=0), spread


def pointing_markdown(rows: Sequence[Row], classes: Sequence[str]) -> str:
    """Returns the accuracies, mean ± standard deviation over seeds, as a Markdown table."""
    judged = [name for name in classes if name in rows[0]]
    columns = [ACCURACY, MEAN_CLASS, *judged]
    head = ['method', 'checkpoint', 'all pairs', 'mean over classes', *judged]
    lines = []
    for checkpoint, method in dict.fromkeys((row['checkpoint'], row['method']) for row in rows):
        chosen = [r for r in rows if (r['checkpoint'], r['method']) == (checkpoint, method)]
        scores = zip(*_over_seeds(chosen, columns), strict=True)
        lines.append([method, checkpoint, *(plus_minus(*score) for score in scores)])
    centre = [f'{rows[0][f"centre/{column}"]:.1f}' for column in columns]
    lines.append(['image centre', '', *centre])
    return '\n'.join([*markdown_table(head, lines), ''])
