"""How cost grows with size: curves, measured in turns, drawn beside each other."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from .timing import CLOCKS, SETTINGS, _repeats, _sample

Make = Callable[[int], Callable[[], object]]


@dataclass
class Figure:
    """Curves over one kind of size.

    Args:
        title: of the figure.
        x: what the size counts.
        sizes: from small to large; `quick` for a smoke test.
        quick: sizes.
        series: label and a function from a size to the work to time.
    """

    title: str
    x: str
    sizes: tuple[int, ...]
    quick: tuple[int, ...]
    series: dict[str, Make] = field(default_factory=dict)

    def measure(self, quick: bool, rounds: int = 3) -> dict[str, list[float]]:
        """Returns milliseconds of every series at every size, medians over rounds."""
        clock = CLOCKS[SETTINGS.clock]
        found: dict[str, list[float]] = {name: [] for name in self.series}
        for size in self.quick if quick else self.sizes:
            work = {name: make(size) for name, make in self.series.items()}
            counts = {name: _repeats(call, clock) for name, call in work.items()}
            times: dict[str, list[float]] = {name: [] for name in work}
            for _ in range(rounds):
                for name, call in work.items():
                    times[name].append(_sample(call, counts[name], clock))
            for name, samples in times.items():
                found[name].append(statistics.median(samples) * 1e3)
        return found


FIGURES: dict[str, Figure] = {}


def curve(
    title: str, x: str, sizes: tuple[int, ...], quick: tuple[int, ...]
) -> Callable[[str, Make], None]:
    """Returns a function that adds a series to a figure, made at its first use."""
    figure = FIGURES.setdefault(title, Figure(title, x, sizes, quick))
    return lambda label, make: figure.series.update({label: make})


def draw(figure: Figure, found: dict[str, list[float]], sizes: tuple[int, ...], path: Path) -> None:
    """Draws a figure with both axes in powers of ten."""
    from wsml_mm.reports.plots import new_figure

    picture, axes = new_figure(figsize=(5.5, 3.6))
    for label, times in found.items():
        axes.plot(sizes, times, '--' if 'rival' in label else '-', marker='o', ms=3, label=label)
    axes.set(xscale='log', yscale='log', xlabel=figure.x, ylabel='ms', title=figure.title)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    picture.savefig(path, dpi=110)
