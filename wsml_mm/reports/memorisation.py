"""The paper's Fig. 1: how the wrong "absent" labels are first resisted, then memorised.

Kim et al., "Large Loss Matters in Weakly Supervised Multi-Label Classification", CVPR 2022,
https://arxiv.org/abs/2206.03740, Fig. 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from wsml_mm.engine.hooks.label_record import GROUPS
from wsml_mm.experiments.history import (
    Array,
    RunDynamics,
    by_method,
    cells,
    curves,
    mean_loss,
    over_runs,
)

from .plots import legend_below, new_figure, plot_band, set_title, tidy_axes, wrapped

GROUP_COLOURS = {
    'false_negative': '#D55E00',
    'true_negative': '#0072B2',
    'observed_positive': '#009E73',
    'observed_negative': '#56B4E9',
}
_TITLES = {
    'false_negative': 'false negative (unobserved, truly present)',
    'true_negative': 'true negative (unobserved, truly absent)',
    'observed_positive': 'observed positive',
    'observed_negative': 'observed negative',
}
_COLUMNS = 5  # panels side by side


def group_losses(run: RunDynamics) -> dict[str, Array]:
    """Returns the mean "assume negative" loss of each group by epoch, (E,) each."""
    totals = run.totals()
    return {group: mean_loss(totals, group) for group in GROUPS}


def memorisation_rows(runs: Sequence[RunDynamics]) -> list[dict[str, Any]]:
    """Returns a row a run and epoch: each group's mean loss and number of labels seen."""
    rows = []
    for run in runs:
        totals = run.totals()
        counts = {f'{group}_count': totals[f'{group}_count'] for group in GROUPS}
        losses = group_losses(run)
        for epoch in range(len(totals[f'{GROUPS[0]}_count'])):
            place = {'method': run.method, 'seed': run.seed, 'epoch': epoch + 1}
            numbers = {key: int(value[epoch]) for key, value in counts.items()}
            rows.append({**place, **cells(losses, (epoch,)), **numbers})
    return rows


def draw_memorisation(runs: Sequence[RunDynamics], title: str = '') -> Any:
    """Draws the loss of each group by epoch, a panel a method; returns the figure.

    The axis suits the method whose losses stay lowest; a curve that ends above it carries its last
    value.

    Args:
        runs: of `read_run`; a curve is the mean over a method's seeds, with a band of one
            standard deviation.
        title: above the panels.
    """
    lines = {method: _lines(of_method) for method, of_method in by_method(runs).items()}
    columns = min(len(lines), _COLUMNS)
    rows = -(-len(lines) // columns)
    figure, axes = new_figure(
        rows,
        columns,
        sharey=True,
        squeeze=False,
        # A single panel needs the room of the legend.
        figsize=(max(5.4, 1.2 + 2.6 * columns), 3.1 * rows + 0.9 + 0.4 * (columns == 1)),
    )
    top = _top([*lines.values()])
    shown, legend = axes.flatten()[: len(lines)], dict[str, Any]()
    for panel, (method, of_method) in zip(shown, lines.items(), strict=True):
        _draw_panel(panel, of_method, top)
        panel.set(title=wrapped(method, figure.get_figwidth() / columns, 12), xlabel='epoch')
        legend |= dict(zip(*panel.get_legend_handles_labels()[::-1], strict=True))
    for panel in axes.flatten()[len(lines) :]:
        panel.set_visible(False)
    for panel in axes[:, 0]:
        panel.set_ylabel('mean "assume negative" loss')
    beside = 2 if columns < 4 else len(GROUP_COLOURS)
    legend_below(figure, ([*legend.values()], [*legend]), beside)
    set_title(figure, title)
    return figure


def _lines(runs: Sequence[RunDynamics]) -> dict[str, list[Array]]:
    """Returns the curves of each group that has labels: with all known, none is unobserved."""

    def of(group: str) -> list[Array]:
        return curves(runs, lambda run: group_losses(run)[group])

    found = {group: of(group) for group in GROUP_COLOURS}
    return {group: lines for group, lines in found.items() if not np.isnan(lines).all()}


def _top(panels: Sequence[dict[str, list[Array]]]) -> float:
    """Returns the end of the axis: 1.3 times the largest loss of the lowest panel."""
    peaks = []
    for panel in panels:
        means = np.concatenate([over_runs(np.stack(lines))[0] for lines in panel.values()])
        peaks.append(max(means[np.isfinite(means)], default=1.0))
    return float(min(1.3 * min(peaks), 1.05 * max(peaks)))


def _draw_panel(axes: Any, panel: dict[str, list[Array]], top: float) -> None:
    above = []
    for group, lines in panel.items():
        epochs = len(lines[0])
        plot_band(axes, range(1, epochs + 1), lines, GROUP_COLOURS[group], _TITLES[group])
        last = float(np.mean([line[-1] for line in lines]))
        if last > top:
            above.append((f'\N{UPWARDS ARROW} {last:.2g} in epoch {epochs}', GROUP_COLOURS[group]))
    for number, (text, colour) in enumerate(above):
        axes.text(0.98, 0.97 - 0.09 * number, text, color=colour, transform=axes.transAxes,
                  ha='right', va='top')  # fmt: skip
    axes.set_ylim(0, top)
    axes.xaxis.get_major_locator().set_params(integer=True)
    tidy_axes(axes)
