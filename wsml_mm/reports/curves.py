"""The curve of a comparison: validation mAP by epoch, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from wsml_mm.experiments.results import RunResult

from .plots import COLOURS, new_figure, save_figure, tidy_axes


def plot_band(
    axes: Any, x: ArrayLike, curves: ArrayLike, colour: str, label: str, **line: Any
) -> None:
    """Plots the mean of several curves with a band of one standard deviation.

    Args:
        axes: of matplotlib.
        x: (L,) positions.
        curves: S curves of L values, one a seed.
        colour: of line and band.
        label: for the legend.
        line: further settings of the line.
    """
    values = np.asarray(curves, dtype=np.float64)
    mean = values.mean(axis=0)
    axes.plot(x, mean, **{'color': colour, 'label': label, 'linewidth': 1.8, **line})
    if len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.15, lw=0)


def draw_curves(results: Sequence[RunResult], path: Path, title: str = '') -> None:
    """Draws validation mAP by epoch of each method as PNG and SVG.

    Args:
        results: of `run_comparison`.
        path: without a suffix.
        title: above the axes.
    """
    figure, axes = new_figure(figsize=(7, 4.2))
    methods = list(dict.fromkeys(r.method for r in results))
    for number, method in enumerate(methods):
        curves = [r.validation for r in results if r.method == method]
        length = min(map(len, curves))
        epochs, colour = np.arange(1, length + 1), COLOURS[number % len(COLOURS)]
        plot_band(axes, epochs, [c[:length] for c in curves], colour, method)
    axes.set(xlabel='epoch', ylabel='validation mAP (%)', title=title)
    axes.xaxis.get_major_locator().set_params(integer=True)
    tidy_axes(axes)
    axes.legend(frameon=False, loc='best')
    save_figure(figure, path)
