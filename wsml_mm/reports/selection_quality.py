"""The paper's Fig. 4: how often a rejection or correction is right, and how many it finds.

Kim et al., "Large Loss Matters in Weakly Supervised Multi-Label Classification", CVPR 2022,
https://arxiv.org/abs/2206.03740, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsml_mm.experiments.history import Array, RunDynamics, by_method, cells, curves, ratio

from .curves import plot_band
from .plots import COLOURS, legend_below, new_figure, tidy_axes

COUNTS = (
    'selected', 'judged', 'hits', 'kept', 'kept_hits', 'hidden', 'false_negative_count',
    'true_negative_count',
)  # fmt: skip


def quality(sums: Mapping[str, Array]) -> dict[str, Array]:
    """Returns precision and recall of the choices, as shares; NaN where nothing was chosen.

    `precision` is the share of right choices among those of known truth, `recall` the share of all
    hidden positives that they find (the log's `ll/recall` leaves those aside that LL-Cp has
    corrected before). `..._in_force` also count the corrections kept from earlier epochs, which
    only LL-Cp has. `chance` is the precision of a random choice: the share of truly positive labels
    among the unobserved, corrected or not.

    Args:
        sums: the keys of `SelectionRecord.totals`, of one shape.
    """
    right = sums['hits'] + sums['kept_hits']
    positive = sums['false_negative_count']
    return {
        'precision': ratio(sums['hits'], sums['judged']),
        'recall': ratio(sums['hits'], positive),
        'precision_in_force': ratio(right, sums['judged'] + sums['kept']),
        'recall_in_force': ratio(right, positive),
        'chance': ratio(positive, positive + sums['true_negative_count']),
    }


def selecting(runs: Sequence[RunDynamics]) -> tuple[list[RunDynamics], list[str]]:
    """Returns the runs of the methods that select anything, and the names of the others."""
    idle = [m for m, rs in by_method(runs).items() if not any(r.sums['selected'].any() for r in rs)]
    return [run for run in runs if run.method not in idle], idle


def quality_rows(runs: Sequence[RunDynamics], by_class: bool = False) -> list[dict[str, Any]]:
    """Returns a row a run and epoch (and class): `COUNTS` and what `quality` makes of them."""
    rows = []
    for run in runs:
        sums = run.sums if by_class else run.totals()
        found = quality(sums)
        for place in np.ndindex(sums['selected'].shape):
            row: dict[str, Any] = {'method': run.method, 'seed': run.seed, 'epoch': place[0] + 1}
            if by_class:
                row['class'] = run.classes[place[1]]
            row |= {key: int(sums[key][place]) for key in COUNTS}
            rows.append(row | cells(found, place))
    return rows


def draw_quality(runs: Sequence[RunDynamics], title: str = '') -> Any:
    """Draws precision and recall by epoch, a line a method; returns the figure.

    Args:
        runs: of methods that select, see `selecting`; a curve is the mean over a method's seeds,
            with a band of one standard deviation.
        title: above the panels.
    """
    figure, axes = new_figure(1, 2, figsize=(9.5, 4.2), sharex=True, sharey=True)
    for panel, name in zip(axes, ('precision', 'recall'), strict=True):
        for number, (method, of_method) in enumerate(by_method(runs).items()):
            _draw_line(panel, of_method, name, COLOURS[number % len(COLOURS)], method)
        panel.set(title=name, xlabel='epoch')
        panel.xaxis.get_major_locator().set_params(integer=True)
        tidy_axes(panel)
    chance = np.mean([quality(run.totals())['chance'][0] for run in runs])
    axes[0].axhline(100 * chance, color='0.5', ls=':', lw=1.2, label='chance')
    axes[0].set(ylabel='share of labels (%)', ylim=(0, 103))
    legend_below(figure, axes[0].get_legend_handles_labels(), beside=5)
    if title:
        figure.suptitle(title)
    return figure


def _draw_line(axes: Any, runs: Sequence[RunDynamics], name: str, colour: str, method: str) -> None:
    def line(run: RunDynamics, key: str) -> Array:
        return 100 * quality(run.totals())[key]

    chosen = curves(runs, lambda run: line(run, name))
    epochs = range(1, len(chosen[0]) + 1)
    plot_band(axes, epochs, chosen, colour, method)
    if any(run.sums['kept'].any() for run in runs):
        held = curves(runs, lambda run: line(run, f'{name}_in_force'))
        plot_band(axes, epochs, held, colour, f'{method}, with earlier corrections', ls='--')
