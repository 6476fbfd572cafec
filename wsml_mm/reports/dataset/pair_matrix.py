"""The matrix of classes that come together, as a picture inside a page."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from wsml_mm.reports.plots import new_figure
from wsml_mm.reports.thumbnails import data_uri

_ANNOTATED = 14  # classes up to which each field of the matrix has its number


def pair_matrix(counts: NDArray[np.int64], names: Sequence[str]) -> str:
    """Draws how often a class (column) is there where another (row) is; SVG as a data URI.

    Args:
        counts: (K, K) images that have both classes, in the order to be drawn.
        names: K class names.
    """
    import matplotlib as mpl

    alone = np.maximum(np.diag(counts), 1)[:, None]
    share = 100 * counts / alone
    np.fill_diagonal(share, np.nan)
    size = len(names)
    side = max(3.2, min(10.5, 0.34 * size + 2.4))
    with mpl.rc_context({'svg.fonttype': 'none', 'svg.hashsalt': 'wsml_mm'}):
        figure, axes = new_figure(figsize=(side + 0.9, side))
        top = max(5.0, float(np.nanmax(share, initial=0.0)))
        colours = mpl.colormaps['Blues'].with_extremes(bad='#e9ecef')
        image = axes.imshow(share, cmap=colours, vmin=0, vmax=top)
        font = min(9.5, 62 * side / max(size, 1) / 1.35)
        shown = [name if len(name) <= 24 else name[:23] + '…' for name in names]
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_ticks(range(size), shown, fontsize=font, parse_math=False)
        axes.xaxis.tick_top()
        axes.tick_params(length=0)
        axes.tick_params(axis='x', rotation=90 if size > 6 else 0)
        axes.spines[:].set_visible(False)
        _write_numbers(axes, share, top)
        bar = figure.colorbar(image, ax=axes, shrink=0.5, aspect=24, pad=0.02)
        bar.set_label("% of the row's images", fontsize=9)
        bar.ax.tick_params(labelsize=8, length=2)
        bar.outline.set_visible(False)
        return _as_svg(figure)


def _write_numbers(axes: object, share: NDArray[np.float64], top: float) -> None:
    if len(share) > _ANNOTATED:
        return
    for (row, column), value in np.ndenumerate(share):
        if value >= 0.5:
            colour = 'white' if value > 0.6 * top else '#333333'
            axes.text(  # type: ignore[attr-defined]
                column, row, f'{value:.0f}', ha='center', va='center', fontsize=8.5, color=colour
            )


def _as_svg(figure: object) -> str:
    from matplotlib import pyplot as plt

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The page's own fonts have what matplotlib's has not.
        warnings.filterwarnings('ignore', message='Glyph')
        figure.savefig(buffer, format='svg', metadata={'Date': None})  # type: ignore[attr-defined]
    plt.close(figure)  # type: ignore[arg-type]
    return data_uri(buffer.getvalue(), 'image/svg+xml')
