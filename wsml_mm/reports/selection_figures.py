"""Figures of `selection_quality`: by epoch (Large Loss Matters, Fig. 4) and by class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.experiments.history import Array, RunDynamics, by_method, curves, over_runs

from .plots import legend_below, new_figure, plot_band, set_title, tidy_axes
from .selection_quality import (
    KEPT,
    actions_of,
    chance,
    claims_negative,
    hidden_positives,
    over_epochs,
    pooled,
    quality,
)
from .styles import Style, style_of

_LINES = ('-', '-.', (0, (5, 1, 1, 1, 1, 1)))  # of a method's first, second, third action
_CHANCE = ('chance', 'chance of a negative')


def draw_quality(
    runs: Sequence[RunDynamics], title: str = '', styles: dict[str, Style] | None = None
) -> Any:
    """Draws precision and recall by epoch, a line a method and action; returns the figure.

    A dashed line is of an action together with the same decisions of earlier epochs.

    Args:
        runs: of methods that do anything, see `acting`; a curve is the mean over a method's seeds,
            with a band of one standard deviation.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    figure, axes = new_figure(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
    for panel, name in zip(axes, ('precision', 'recall'), strict=True):
        for method, of_method in by_method(runs).items():
            _draw_lines(panel, of_method, name, style_of(method, styles))
        panel.set(title=name, xlabel='epoch')
        panel.xaxis.get_major_locator().set_params(integer=True)
        tidy_axes(panel)
    for negative in sorted({claims_negative(action) for action in actions_of(runs)}):
        level = 100 * np.mean([chance(run.totals(), negative)[0] for run in runs])
        axes[0].axhline(level, color='0.5', ls=':', lw=1.2, label=_CHANCE[negative])
    axes[0].set(ylabel='share of labels (%)', ylim=(0, 103))
    legend_below(figure, axes[0].get_legend_handles_labels(), beside=5)
    set_title(figure, title)
    return figure


def _draw_lines(axes: Any, runs: Sequence[RunDynamics], name: str, style: Style) -> None:
    labels, actions = action_labels(runs), actions_of(runs)
    for number, action in enumerate(actions):
        held = action.startswith(KEPT)
        key, line = (f'{name}_in_force', '--') if held else (name, _LINES[number % len(_LINES)])
        acted = [run for run in runs if action in run.actions]
        drawn = curves(acted, partial(_curve, action=action, key=key))
        epochs = range(1, len(drawn[0]) + 1)
        plot_band(axes, epochs, drawn, label=labels[action], linestyle=line, **style.line())


def _curve(run: RunDynamics, action: str, key: str) -> Array:
    return 100 * quality(run.totals(), action)[key]


def action_labels(runs: Sequence[RunDynamics]) -> dict[str, str]:
    """Returns how a legend names each action of one method's runs.

    A method with one action needs no more than its name.
    """
    actions, method = actions_of(runs), runs[0].method
    several = len({action.removeprefix(KEPT) for action in actions}) > 1
    return {
        action: (f'{method}: {action.removeprefix(KEPT)}' if several else method)
        + (', with earlier corrections' if action.startswith(KEPT) else '')
        for action in actions
    }


def draw_classes(
    runs: Sequence[RunDynamics],
    shown: NDArray[np.int64],
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> Any:
    """Draws precision and recall of each class over all epochs; returns the figure.

    A dot a method and action; decisions of earlier epochs count in every epoch in which they are in
    force.

    Args:
        runs: of methods that do anything, see `acting`; a dot is the mean over a method's seeds,
            its bar one standard deviation.
        shown: of `shown_classes`, from the top.
        title: above the panels.
        styles: of `read_styles`.
    """
    styles = {} if styles is None else styles
    figure, axes = new_figure(1, 2, figsize=(9.5, 2.0 + 0.3 * len(shown)), sharex=True, sharey=True)
    for panel in axes:
        for place in range(1, len(shown), 2):
            panel.axhspan(place - 0.5, place + 0.5, color='0.96', lw=0, zorder=0)
    _draw_dots(axes, runs, shown, styles)
    hidden = hidden_positives(runs)
    names = [f'{runs[0].classes[c]} ({hidden[c]:.0f})' for c in shown]
    axes[0].set_yticks(range(len(shown)), names)
    part = f', {len(shown)} of {len(hidden)}' if len(shown) < len(hidden) else ''
    axes[0].set(
        ylabel=f'class (hidden positives){part}', ylim=(len(shown) - 0.5, -0.5), xlim=(-2, 102)
    )
    axes[0].set(title='precision', xlabel='right among the labels acted on, all epochs (%)')
    axes[1].set(title='recall', xlabel='rightly acted on among all of that kind, all epochs (%)')
    for panel in axes:
        tidy_axes(panel)
        panel.grid(visible=False, axis='y')
        panel.grid(axis='x', alpha=0.25)
    legend_below(figure, axes[0].get_legend_handles_labels(), beside=5)
    set_title(figure, title)
    return figure


def _draw_dots(
    axes: Any, runs: Sequence[RunDynamics], shown: NDArray[np.int64], styles: dict[str, Style]
) -> None:
    for negative in sorted({claims_negative(action) for action in actions_of(runs)}):
        expected = np.stack([chance(over_epochs(run), negative) for run in runs])
        mean = 100 * over_runs(expected[:, shown])[0]
        look = {'marker': 'x' if negative else '|', 'color': '0.55', 'label': _CHANCE[negative]}
        axes[0].plot(mean, range(len(shown)), ls='', ms=12, mew=2, **look)
    dots = [
        (method, own, action)
        for method, own in by_method(runs).items()
        for action in {a.removeprefix(KEPT): a for a in actions_of(own)[::-1]}.values()
    ]
    for number, (method, own, action) in enumerate(dots):
        values = pooled([run for run in own if action in run.actions], action)
        offset = (number - (len(dots) - 1) / 2) * 0.6 / len(dots)
        style, label = style_of(method, styles), action_labels(own)[action]
        for panel, name in zip(axes, ('precision_in_force', 'recall_in_force'), strict=True):
            mean, spread = over_runs(100 * values[name][:, shown])
            panel.errorbar(mean, np.arange(len(shown)) + offset, xerr=spread, fmt=style.marker,
                           ms=4.5, lw=1.2, color=style.colour, label=label)  # fmt: skip
