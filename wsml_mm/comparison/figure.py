"""The curve of a comparison: validation mAP by epoch, mean and spread over seeds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

# Okabe and Ito's colours, distinct for colour-blind readers too; black for the upper bound.
_COLOURS = ('#D55E00', '#0072B2', '#009E73', '#CC79A7', '#000000', '#E69F00', '#56B4E9')


def draw_curves(results: Sequence[dict[str, Any]], path: Path, title: str = '') -> None:
    """Draws validation mAP by epoch of each method as PNG and SVG.

    Args:
        results: of `run_once`.
        path: without a suffix.
        title: above the axes.
    """
    import matplotlib as mpl

    mpl.use('Agg')
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4.2), layout='constrained')
    methods = list(dict.fromkeys(r['method'] for r in results))
    for number, method in enumerate(methods):
        curves = [r['val_mAP'] for r in results if r['method'] == method]
        length = min(map(len, curves))
        values = np.array([c[:length] for c in curves])
        epochs, mean = np.arange(1, length + 1), values.mean(axis=0)
        colour = _COLOURS[number % len(_COLOURS)]
        axes.plot(epochs, mean, color=colour, label=method, linewidth=1.8)
        if len(curves) > 1:
            spread = values.std(axis=0, ddof=1)
            axes.fill_between(epochs, mean - spread, mean + spread, color=colour, alpha=0.15, lw=0)
    axes.set(xlabel='epoch', ylabel='validation mAP (%)', title=title)
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.spines[['top', 'right']].set_visible(False)
    axes.grid(axis='y', alpha=0.25)
    axes.legend(frameon=False, loc='best')
    for suffix in ('.png', '.svg'):
        figure.savefig(path.with_suffix(suffix), dpi=160)
    plt.close(figure)
