"""A grid of activation maps: a row an image and class, a column a method."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .plots import legend_below, new_figure, set_title, wrapped

_BOX, _HIT, _MISS = '#56B4E9', '#009E73', '#D55E00'
_SIDE = 200  # pixels of a panel: enough for the eye, and the files stay small
_PANEL = 1.3  # inches


class Panel(NamedTuple):
    """One method's map of a row.

    `heat` is (H, W) in 0..1, `score` the predicted probability, `peak` x and y in pixels of the
    original image, `hit` whether it lies in a box of the class (None: no boxes known).
    """

    heat: NDArray[np.floating]
    score: float
    peak: tuple[float, float]
    hit: bool | None


class CamRow(NamedTuple):
    """One row: RGB `image` (H, W, 3), `label`, (k, 4) `boxes` of the class, one panel a method."""

    image: NDArray[np.uint8]
    label: str
    boxes: NDArray[np.floating]
    panels: list[Panel]


def draw_cam_grid(rows: Sequence[CamRow], methods: Sequence[str], title: str = '') -> Any:
    """Returns the figure of a grid of activation maps.

    Args:
        rows: at least one, each with a panel a method.
        methods: names of the columns.
        title: above the grid.
    """
    # One width for all panels, a height of its own for each row.
    heights = [float(np.clip(r.image.shape[0] / r.image.shape[1], 0.5, 1.6)) for r in rows]
    columns = len(methods) + 1
    size = (_PANEL * columns + 0.4, _PANEL * sum(heights) + 0.06 * len(rows) + 0.7)
    figure, axes = new_figure(
        len(rows), columns, figsize=size, squeeze=False, gridspec_kw={'height_ratios': heights}
    )
    figure.get_layout_engine().set(w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    for row, line in zip(rows, axes, strict=True):
        picture = _small(row.image)
        scale = picture.shape[1] / row.image.shape[1]
        _prepare(line[0], picture / 255, row.boxes * scale, 1.6)
        line[0].set_ylabel(row.label, fontsize=10)
        for axis, panel in zip(line[1:], row.panels, strict=True):
            _prepare(axis, _overlay(picture, panel.heat), row.boxes * scale, 0.8)
            _mark(axis, panel, scale)
    for axis, name in zip(axes[0], ['image', *methods], strict=True):
        axis.set_title(wrapped(name, _PANEL, 11), fontsize=11)
    _explain(figure, any(p.hit is not None for row in rows for p in row.panels))
    set_title(figure, title)
    return figure


def _small(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    picture = Image.fromarray(image)
    picture.thumbnail((_SIDE, 2 * _SIDE), Image.Resampling.LANCZOS)
    return np.asarray(picture)


def _overlay(picture: NDArray[np.uint8], heat: NDArray[np.floating]) -> NDArray[np.float64]:
    """Lays a map in colour over the grey picture; what is cold shows the picture alone."""
    import matplotlib as mpl

    size = (picture.shape[1], picture.shape[0])
    warm = np.asarray(Image.fromarray(np.float32(heat)).resize(size, Image.Resampling.BILINEAR))
    colour = mpl.colormaps['inferno'](warm)[..., :3]
    grey = np.repeat(picture.mean(axis=2, keepdims=True) / 255, 3, axis=2)
    alpha = 0.15 + 0.6 * warm[..., None]
    mixed: NDArray[np.float64] = (1 - alpha) * grey + alpha * colour
    return mixed


def _prepare(axis: Any, picture: Any, boxes: NDArray[np.floating], width: float) -> None:
    from matplotlib.patches import Rectangle

    axis.imshow(picture, extent=(0, picture.shape[1], picture.shape[0], 0))
    axis.set(xticks=[], yticks=[], xlim=(0, picture.shape[1]), ylim=(picture.shape[0], 0))
    axis.spines[:].set_visible(False)
    for left, top, right, bottom in boxes:
        corner, extent = (left, top), (right - left, bottom - top)
        axis.add_patch(Rectangle(corner, *extent, fill=False, ec=_BOX, lw=width))


def _mark(axis: Any, panel: Panel, scale: float) -> None:
    x, y = (value * scale for value in panel.peak)
    marker, colour = ('X', _MISS) if panel.hit is False else ('o', _HIT)
    axis.plot(x, y, marker, color=colour, ms=7, mec='white', mew=1, clip_on=False)
    axis.text(
        0.03, 0.03, f'{panel.score:.2f}', transform=axis.transAxes, color='white', fontsize=8,
        bbox={'facecolor': 'black', 'alpha': 0.55, 'lw': 0, 'pad': 1.5},
    )  # fmt: skip


def _explain(figure: Any, boxes_known: bool) -> None:
    from matplotlib.lines import Line2D

    def dot(marker: str, colour: str, text: str) -> Any:
        return Line2D([], [], marker=marker, color=colour, mec='white', ms=7, ls='', label=text)

    marks = [dot('o', _HIT, 'maximum')]
    if boxes_known:
        marks = [
            Line2D([], [], color=_BOX, label='box'),
            dot('o', _HIT, 'maximum inside'),
            dot('X', _MISS, 'maximum outside'),
        ]
    marks.append(Line2D([], [], ls='', label='number: probability'))
    legend_below(figure, (marks, [mark.get_label() for mark in marks]))


def shrink_png(path: Path, colours: int = 256) -> None:
    """Rewrites a PNG with a palette, which makes photographs a third as large."""
    with Image.open(path) as picture:
        small = picture.convert('RGB').quantize(colours, method=Image.Quantize.FASTOCTREE)
        small.save(path, optimize=True, dpi=picture.info.get('dpi', (72, 72)))
