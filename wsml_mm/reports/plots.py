"""What the figures share: bands over seeds, axes, legends, and the files they are written to."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .tables import write_csv


def new_figure(rows: int = 1, columns: int = 1, **kwargs: Any) -> tuple[Any, Any]:
    """Returns a figure and its axes, as `pyplot.subplots` does, drawn without a window."""
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    kwargs.setdefault('layout', 'constrained')
    figure, axes = plt.subplots(rows, columns, **kwargs)
    return figure, axes


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
    few = -(-len(mean) // 12)  # a dozen markers: more would hide the line
    settings = {'color': colour, 'label': label, 'linewidth': 1.8, 'markevery': few, **line}
    axes.plot(x, mean, **settings)
    if len(values) > 1:
        spread = values.std(axis=0, ddof=1)
        axes.fill_between(x, mean - spread, mean + spread, color=colour, alpha=0.15, lw=0)


def tidy_axes(axes: Any) -> None:
    """Takes the upper and right frame away and draws a light grid of levels."""
    axes.spines[['top', 'right']].set_visible(False)
    axes.grid(axis='y', alpha=0.25)


def wrapped(text: str, inches: float, points: float = 10) -> str:
    """Returns a text with line breaks, as wide as it may be at a size of letters."""
    return textwrap.fill(text, max(10, int(inches * 72 / (0.6 * points))))


def set_title(figure: Any, title: str) -> None:
    """Writes a title above all panels, in as many lines as the figure needs."""
    if title:
        figure.suptitle(wrapped(title, figure.get_figwidth(), 12))


def legend_below(
    figure: Any, entries: tuple[Sequence[Any], Sequence[str]], beside: int | None = None
) -> None:
    """Puts one legend for all panels below them, as wide as the figure at most.

    Args:
        figure: of `new_figure`.
        entries: handles and labels, as of `axes.get_legend_handles_labels()`.
        beside: entries a line, at most; fewer where the figure is too narrow for them.
    """
    labels = [wrapped(label, figure.get_figwidth() - 0.7) for label in entries[1]]
    for columns in range(min(len(labels), beside or len(labels)), 0, -1):
        legend = figure.legend(
            entries[0], labels, loc='outside lower center', ncols=columns, frameon=False
        )
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width:
            break
        legend.remove()


def save_figure(figure: Any, path: Path, dpi: int = 160) -> None:
    """Writes a figure as PNG and SVG and closes it.

    Args:
        figure: of `new_figure`.
        path: without a suffix; dots in its name stay.
        dpi: dots per inch of the PNG.
    """
    from matplotlib import pyplot as plt

    for suffix in ('.png', '.svg'):
        figure.savefig(path.with_name(path.name + suffix), dpi=dpi)
    plt.close(figure)


def write_figure_files(
    path: Path, figure: Any, rows: Sequence[Mapping[str, Any]], command: str, dpi: int = 160
) -> list[Path]:
    """Writes PATH.png, PATH.svg, PATH.csv and PATH.command.txt; returns their paths.

    Args:
        path: without a suffix; its folder is made.
        figure: of `new_figure`; closed afterwards.
        rows: the numbers the figure shows, one mapping a row.
        command: the command line that made it.
        dpi: dots per inch of the PNG; photographs make it large.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    save_figure(figure, path, dpi)
    write_csv(path.with_name(path.name + '.csv'), rows)
    path.with_name(path.name + '.command.txt').write_text(command + '\n', encoding='utf-8')
    return [path.with_name(path.name + s) for s in ('.png', '.svg', '.csv', '.command.txt')]
