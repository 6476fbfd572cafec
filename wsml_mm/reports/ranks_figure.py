"""The critical-difference diagram: mean ranks on a line, and bars over what does not differ."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .plots import new_figure, set_title
from .ranks import ScoreTable

_ROW = 0.32  # inches a name


def alike(ranks: Sequence[float], difference: float) -> list[tuple[int, int]]:
    """Returns the largest groups of neighbours whose ranks differ by at most a difference.

    Args:
        ranks: ascending.
        difference: that is still not significant.

    Returns:
        First and last place of each group of two or more; none is within another.
    """
    groups: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = max(
            i
            for i in range(first, len(ranks))
            if i == first or ranks[i] - ranks[first] <= difference
        )
        if last > first and (not groups or last > groups[-1][1]):
            groups.append((first, last))
    return groups


def draw_ranks(table: ScoreTable, title: str = '') -> Any:
    """Returns the diagram as a figure: the best stands left, bars join methods that do not differ.

    Args:
        table: of two or more methods.
        title: above it.
    """
    order = np.argsort(table.ranks(), kind='stable')
    ranks = [float(rank) for rank in table.ranks()[order]]
    names = [table.methods[place] for place in order]
    difference = table.critical_difference()
    groups = alike(ranks, difference)
    count, half = len(names), (len(names) + 1) // 2
    bars = 0.12 * len(groups) + 0.15
    height = bars + half * _ROW + 0.9
    figure, axes = new_figure(figsize=(8.5, height))
    axes.set(xlim=(1 - 0.35 * count, count + 0.35 * count), ylim=(-bars - half * _ROW, 0.55))
    axes.set_axis_off()
    axes.plot([1, count], [0, 0], color='black', linewidth=1)
    for tick in range(1, count + 1):
        axes.plot([tick, tick], [0, 0.06], color='black', linewidth=1)
        axes.text(tick, 0.09, str(tick), ha='center', va='bottom', fontsize=9)
    axes.plot([1, min(1 + difference, count)], [0.42, 0.42], color='black', linewidth=2)
    axes.text(1, 0.45, f'critical difference {difference:.2f}', va='bottom', fontsize=9)
    for number, (first, last) in enumerate(groups):
        level = -0.12 * (number + 1)
        ends = [ranks[first] - 0.03, ranks[last] + 0.03]
        axes.plot(ends, [level] * 2, color='black', linewidth=3.5, solid_capstyle='round')
    for place, (name, rank) in enumerate(zip(names, ranks, strict=True)):
        left = place < half
        row = place if left else count - 1 - place
        level, edge = -bars - row * _ROW, 0.9 if left else count + 0.1
        axes.plot([rank, rank, edge], [0, level, level], color='#666666', linewidth=0.8)
        text = f'{name} ({rank:.1f})' if left else f'({rank:.1f}) {name}'
        side = 'right' if left else 'left'
        axes.text(edge + (-0.05 if left else 0.05), level, text, ha=side, va='center', fontsize=9)
    set_title(figure, title)
    return figure
