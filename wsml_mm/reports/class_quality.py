"""Precision and recall of the choices class by class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.experiments.history import Array, RunDynamics, by_method, over_runs

from .plots import COLOURS, legend_below, new_figure, tidy_axes
from .selection_quality import quality

MOST_CLASSES = 40  # that a figure shows


def hidden_positives(runs: Sequence[RunDynamics]) -> Array:
    """Returns (C,) unobserved and truly positive labels of an epoch, the mean over runs."""
    counts = [run.sums['false_negative_count'].mean(axis=0) for run in runs]
    return np.asarray(np.mean(counts, axis=0), dtype=np.float64)


def shown_classes(runs: Sequence[RunDynamics], most: int = MOST_CLASSES) -> NDArray[np.int64]:
    """Returns the classes to draw, those with most hidden positives first, at most `most`.

    Raises:
        ValueError: if the runs are of different classes.
    """
    if len({run.classes for run in runs}) > 1:
        raise ValueError('the methods are of different classes: compare those of one data set')
    return np.argsort(-hidden_positives(runs), kind='stable')[:most].astype(np.int64)


def pooled(runs: Sequence[RunDynamics]) -> dict[str, Array]:
    """Returns `quality` by class over all epochs together, (S, C) each, a row a run."""
    found = [quality({k: v.sum(axis=0) for k, v in run.sums.items()}) for run in runs]
    return {key: np.stack([f[key] for f in found]) for key in found[0]}


def draw_classes(runs: Sequence[RunDynamics], shown: NDArray[np.int64], title: str = '') -> Any:
    """Draws precision and recall of each class over all epochs, a dot a method; returns the figure.

    LL-Cp's earlier corrections count in every epoch in which they are in force.

    Args:
        runs: of methods that select, see `selecting`; a dot is the mean over a method's seeds, its
            bar one standard deviation.
        shown: of `shown_classes`, from the top.
        title: above the panels.
    """
    figure, axes = new_figure(1, 2, figsize=(9.5, 2.0 + 0.3 * len(shown)), sharex=True, sharey=True)
    for panel in axes:
        for place in range(1, len(shown), 2):
            panel.axhspan(place - 0.5, place + 0.5, color='0.96', lw=0, zorder=0)
    chance = 100 * over_runs(pooled(runs)['chance'][:, shown])[0]
    places = range(len(shown))
    axes[0].plot(chance, places, ls='', marker='|', ms=12, mew=2, color='0.55', label='chance')
    _draw_dots(axes, by_method(runs), shown)
    hidden = hidden_positives(runs)
    names = [f'{runs[0].classes[c]} ({hidden[c]:.0f})' for c in shown]
    axes[0].set_yticks(places, names)
    part = f', {len(shown)} of {len(hidden)}' if len(shown) < len(hidden) else ''
    axes[0].set(
        ylabel=f'class (hidden positives){part}', ylim=(len(shown) - 0.5, -0.5), xlim=(-2, 102)
    )
    axes[0].set(title='precision', xlabel='right among the labels acted on, all epochs (%)')
    axes[1].set(title='recall', xlabel='acted on among the hidden positives, all epochs (%)')
    for panel in axes:
        tidy_axes(panel)
        panel.grid(visible=False, axis='y')
        panel.grid(axis='x', alpha=0.25)
    legend_below(figure, axes[0].get_legend_handles_labels(), beside=5)
    if title:
        figure.suptitle(title)
    return figure


def _draw_dots(
    axes: Any, methods: Mapping[str, Sequence[RunDynamics]], shown: NDArray[np.int64]
) -> None:
    for number, (method, runs) in enumerate(methods.items()):
        values = pooled(runs)
        offset = (number - (len(methods) - 1) / 2) * 0.6 / len(methods)
        for panel, name in zip(axes, ('precision_in_force', 'recall_in_force'), strict=True):
            mean, spread = over_runs(100 * values[name][:, shown])
            colour = COLOURS[number % len(COLOURS)]
            panel.errorbar(mean, np.arange(len(shown)) + offset, xerr=spread, fmt='o', ms=4.5,
                           lw=1.2, color=colour, label=method)  # fmt: skip
