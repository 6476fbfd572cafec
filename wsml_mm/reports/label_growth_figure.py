"""The figure of label growth: each photograph beside the timeline of its labels."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from typing import Any

from wsml_mm.datasets.pixels import shown

from .label_history import History
from .plots import legend_below, new_figure, set_title

# Colour and sign say the same, for readers who cannot tell the colours apart.
SIGNS = {'observed': '●', 'right': '✓', 'wrong': '✗', 'unknown': '?', 'missed': '○'}
_COLOURS = {
    'observed': '#333333',
    'right': '#0072B2',
    'wrong': '#D55E00',
    'unknown': '#666666',
    'missed': '#888888',
}
_TEXTS = {
    'observed': 'observed',
    'right': 'corrected, rightly',
    'wrong': 'corrected, wrongly',
    'unknown': 'corrected, truth unknown',
    'missed': 'present, not found',
}
MAX_ROWS = 10


def read_photograph(path: str, size: int = 240) -> Any:
    """Returns an image, upright, in RGB, within `size` pixels a side.

    Raises:
        FileNotFoundError: if there is none.
    """
    from mmengine import fileio
    from PIL import Image

    with Image.open(io.BytesIO(fileio.get(path))) as image:
        photograph = shown(image)
    photograph.thumbnail((size, size))
    return photograph


def timeline(history: History, epochs: int) -> list[tuple[str, str, int]]:
    """Returns the rows of an image's timeline, (kind, class name, first epoch), in order of time.

    Args:
        history: of the image.
        epochs: of the training; a label that was not found begins after it.
    """
    rows = [('observed', name, 1) for name in history.observed]
    rows += [(verdict, name, epoch) for epoch, name, verdict in history.corrections]
    return rows + [('missed', name, epochs + 1) for name in history.missed]


def draw_growth(histories: Sequence[History], epochs: int, title: str = '') -> Any:
    """Returns the figure: photographs in two columns, each with its labels over the epochs.

    Args:
        histories: of the images.
        epochs: of the training.
        title: above all.
    """
    columns = min(len(histories), 2)
    rows = -(-len(histories) // columns)
    figure, grid = new_figure(
        rows,
        2 * columns,
        figsize=(5.6 * columns, 1.65 * rows + 0.9),
        width_ratios=[1, 1.5] * columns,
        squeeze=False,
    )
    places = [(r, c) for r in range(rows) for c in range(columns)]
    kinds: dict[str, None] = {}
    for number, (row, column) in enumerate(places):
        photograph, axes = grid[row][2 * column : 2 * column + 2]
        photograph.axis('off')
        if number >= len(histories):
            axes.axis('off')
            continue
        history = histories[number]
        photograph.imshow(read_photograph(history.path))
        photograph.set_title(os.path.basename(history.name), fontsize=7, color='#666666', pad=2)
        lines = timeline(history, epochs)
        kinds |= dict.fromkeys(kind for kind, _, _ in lines)
        _draw_timeline(axes, lines, epochs, last=number >= len(histories) - columns)
    _draw_legend(figure, [kind for kind in SIGNS if kind in kinds])
    set_title(figure, title)
    return figure


def _draw_timeline(
    axes: Any, lines: Sequence[tuple[str, str, int]], epochs: int, last: bool
) -> None:
    shown = lines[: MAX_ROWS - 1] if len(lines) > MAX_ROWS else lines
    for row, (kind, _, first) in enumerate(shown):
        if kind == 'missed':
            style: dict[str, Any] = dict(height=0.4, fill=False, ls=':', lw=1)
            axes.barh(row, epochs, left=0.5, edgecolor=_COLOURS[kind], **style)
            continue
        height = 0.4 if kind == 'observed' else 0.8
        axes.barh(row, epochs + 1 - first, left=first - 0.5, height=height, color=_COLOURS[kind])
        if kind != 'observed':
            _write_epoch(axes, row, kind, first, epochs)
    labels = [f'{name} {SIGNS[kind]}' for kind, name, _ in shown]
    if len(shown) < len(lines):
        labels.append(f'+ {len(lines) - len(shown)} more')
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    for tick, (kind, _, _) in zip(axes.get_yticklabels(), shown, strict=False):
        tick.set_color(_COLOURS[kind])
    # Room for four rows at least, so that few labels do not make fat bars.
    axes.set(xlim=(0.5, epochs + 0.5), ylim=(max(len(labels), 4) - 0.4, -0.6))
    axes.xaxis.get_major_locator().set_params(integer=True, nbins=10)
    axes.tick_params(axis='y', length=0)
    axes.tick_params(axis='x', labelsize=8)
    axes.spines[['top', 'right', 'left']].set_visible(False)
    if last:
        axes.set_xlabel('epoch', fontsize=9)


def _write_epoch(axes: Any, row: int, kind: str, first: int, epochs: int) -> None:
    """Writes sign and epoch into a bar's beginning, or before a bar too short for it."""
    room, pad = epochs + 1 - first >= 0.18 * epochs, 0.012 * epochs
    where, side = (first - 0.5 + pad, 'left') if room else (first - 0.5 - pad, 'right')
    colour = 'white' if room else _COLOURS[kind]
    text = f'{SIGNS[kind]} {first}'
    axes.text(where, row, text, ha=side, va='center_baseline', color=colour, fontsize=7)


def _draw_legend(figure: Any, kinds: Sequence[str]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(facecolor='none', edgecolor=_COLOURS[kind], linestyle=':')
        if kind == 'missed'
        else Patch(color=_COLOURS[kind])
        for kind in kinds
    ]
    names = [f'{SIGNS[kind]} {_TEXTS[kind]}' for kind in kinds]
    legend_below(figure, (handles, names))
