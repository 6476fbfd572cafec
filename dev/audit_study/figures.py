"""Figures and tables of what was measured."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.reports.plots import (
    legend_below,
    new_figure,
    plot_band,
    set_title,
    tidy_axes,
    write_figure_files,
)
from wsml_mm.reports.styles import style_of
from wsml_mm.reports.tables import markdown_table, paired_interval, write_csv

from .measures import MEASURES
from .protocols import Group
from .rounds import FULL, PICKS
from .scores import EARLY, HELD_OUT, KEPT, LAST, MEAN, summary_rows

Rows = Sequence[dict[str, Any]]

_ALL = ('all', 'all')
_LOOKS: dict[str, dict[str, Any]] = {
    LAST: {'marker': 'o', 'mfc': 'white', 'mec': '#0072B2'},
    EARLY: {'marker': '^', 'mfc': '#E69F00', 'mec': '#E69F00'},
    MEAN: {'marker': 'o', 'mfc': '#0072B2', 'mec': '#0072B2'},
    KEPT: {'marker': 'x', 'mfc': 'black', 'mec': 'black'},
    HELD_OUT: {'marker': 's', 'mfc': '#CC79A7', 'mec': '#CC79A7'},
}
_SHOWN_BELOW = 0.13  # what is farther below the base stands at the edge
_EXPLAINED = {EARLY: 'epoch that is best by partial validation labels'}


def write_scores(rows: Rows, groups: Sequence[Group], out: Path, command: str) -> str:
    """Writes the figure of scores, its table and the rows of each seed; returns the table.

    Scores that were not measured in every group stand in no mean over the groups.
    """
    base = (rows[0]['score'], LAST)
    summary = summary_rows(rows, base)
    chance = {g.key: float(np.mean([r['share'] for r in _of(rows, g.key)])) for g in groups}
    figure = draw_scores(summary, groups, chance, base)
    write_figure_files(out, figure, rounded(summary), command)
    write_csv(out.with_name(f'{out.name}_seeds.csv'), rows)
    table = scores_markdown(summary, groups, base)
    out.with_name(f'{out.name}.md').write_text(table + '\n', encoding='utf-8')
    return table


def draw_scores(
    summary: Rows, groups: Sequence[Group], chance: dict[Any, float], base: tuple[str, str]
) -> Any:
    """Returns a figure of the area under precision and recall: a row a score, a panel a group."""
    best: dict[str, float] = {}
    for (name, _), gain in gains(summary, groups).items():
        best[name] = max(best.get(name, -1), gain)
    names = sorted(best, key=lambda name: -best[name])
    figure, panels = new_figure(
        1, len(groups), figsize=(2.5 + 2.6 * len(groups), 1.9 + 0.24 * len(names)),
        sharey=True, squeeze=False,
    )  # fmt: skip
    for axes, group in zip(panels[0], groups, strict=True):
        own = _of(summary, group.key)
        level = next(r['AUPRC'] for r in own if (r['score'], r['of']) == base)
        axes.axvline(level, color='0.6', lw=1, ls='--', label=f'{base[0]}, {base[1]}')
        _draw_points(axes, own, names, level - _SHOWN_BELOW)
        for place in range(1, len(names), 2):
            axes.axhspan(place - 0.5, place + 0.5, color='0.96', lw=0, zorder=0)
        title = f'{group.title},\n{100 * chance[group.key]:.0f} % of the unobserved are positive'
        axes.set_title(title, fontsize=10)
        axes.set(xlabel='AUPRC', xlim=(level - _SHOWN_BELOW, None))
        tidy_axes(axes)
        axes.grid(visible=False, axis='y')
        axes.grid(axis='x', alpha=0.25)
    panels[0][0].set_yticks(range(len(names)), names)
    panels[0][0].set_ylim(len(names) - 0.5, -0.5)
    legend_below(figure, panels[0][0].get_legend_handles_labels(), beside=4)
    set_title(figure, 'Which score finds the hidden positive labels')
    return figure


def _draw_points(axes: Any, rows: Rows, names: Sequence[str], left: float) -> None:
    """Draws the points of a panel; of one that is far off, its value at the edge."""
    for kind, look in _LOOKS.items():
        own = [row for row in rows if row['of'] == kind and row['AUPRC'] >= left]
        axes.errorbar(
            [row['AUPRC'] for row in own], [names.index(row['score']) for row in own],
            xerr=[row['AUPRC sd'] for row in own], fmt=look['marker'], mfc=look['mfc'],
            color=look['mec'], ms=5, lw=0.8, label=_EXPLAINED.get(kind, kind),
        )  # fmt: skip
    for row in rows:
        if row['AUPRC'] < left:
            place = (left, names.index(row['score']))
            text = f' ◂ {row["AUPRC"]:.2f}'
            axes.text(*place, text, va='center', color=_LOOKS[row['of']]['mec'], fontsize=9)


def scores_markdown(summary: Rows, groups: Sequence[Group], base: tuple[str, str]) -> str:
    """Returns the table of AUPRC, best first: last epoch / mean over epochs, or the one there is.

    Beside it stand the difference of the mean over epochs to a score, and its other measures, over
    all groups.
    """
    cells = {(r['data'], r['observed'], r['score'], r['of']): r for r in summary}
    found, lines = gains(summary, groups), []
    shown = [name for name in found if name[1] in (MEAN, HELD_OUT)]
    for name in sorted(shown, key=lambda name: -found[name]):
        texts = []
        for group in groups:
            own = [cells.get((*group.key, name[0], kind)) for kind in (LAST, name[1])]
            texts.append(' / '.join(f'{100 * each["AUPRC"]:.1f}' for each in own if each))
        row = cells.get((*_ALL, *name))
        texts.append(_gap(row, 'AUPRC') if row else '')
        texts += [f'{100 * row[measure]:.1f}' if row else '' for measure in MEASURES[1:]]
        lines.append([name[0], *texts])
    head = ['score', *(g.title for g in groups), f'minus {base[0]}, {base[1]}', *MEASURES[1:]]
    return '\n'.join(markdown_table(head, lines))


def gains(summary: Rows, groups: Sequence[Group]) -> dict[tuple[str, str], float]:
    """Returns each score's mean difference of AUPRC to the base, over the groups that have it."""
    found: dict[tuple[str, str], list[float]] = {}
    for group in groups:
        for row in _of(summary, group.key):
            gain = row.get('AUPRC minus base', 0)
            found.setdefault((row['score'], row['of']), []).append(gain)
    return {name: float(np.mean(each)) for name, each in found.items()}


def _gap(row: dict[str, Any], measure: str) -> str:
    mean, low, high = (100 * row[f'{measure} {part}'] for part in ('minus base', 'low', 'high'))
    return f'{mean:+.1f} [{low:+.1f}, {high:+.1f}]'


def _of(rows: Rows, group: tuple[str, str]) -> list[dict[str, Any]]:
    return [row for row in rows if (row['data'], row['observed']) == group]


def write_rounds(rows: Rows, groups: Sequence[Group], out: Path, command: str) -> str:
    """Writes the figure of rounds and its table; returns what the last round is worth."""
    figure = draw_rounds(rows, groups)
    write_figure_files(out, figure, rounded(rows), command)
    table = rounds_markdown(rows, groups)
    out.with_name(f'{out.name}.md').write_text(table + '\n', encoding='utf-8')
    return table


def draw_rounds(rows: Rows, groups: Sequence[Group]) -> Any:
    """Returns a figure of the test mAP after each round: a panel a data set and method."""
    methods = list(dict.fromkeys(r['method'] for r in rows if r['choice'] != FULL))
    figure, panels = new_figure(
        len(methods), len(groups), figsize=(1 + 4.2 * len(groups), 1.2 + 3 * len(methods)),
        squeeze=False, sharex=True,
    )  # fmt: skip
    styles: dict[str, Any] = {}
    for line, method in zip(panels, methods, strict=True):
        for axes, group in zip(line, groups, strict=True):
            own = _of(rows, group.key)
            for pick in PICKS:
                curves = curves_of(own, method, pick, 'last')
                x = range(len(next(iter(curves.values()))))
                look = style_of(pick, styles).line()
                plot_band(axes, x, list(curves.values()), label=pick, markevery=1, **look)
            full = np.mean([row['last'] for row in own if row['choice'] == FULL])
            axes.axhline(full, color='0.5', ls=':', lw=1.2, label='all labels known')
            axes.set(title=f'{group.title}: {method}')
            axes.xaxis.get_major_locator().set_params(integer=True)
            tidy_axes(axes)
        line[0].set_ylabel('test mAP, last epoch (%)')
    for axes in panels[-1]:
        axes.set_xlabel('round of judging')
    legend_below(figure, panels[0][0].get_legend_handles_labels())
    return figure


def rounded(rows: Rows) -> list[dict[str, Any]]:
    """Returns rows with four digits of each fraction."""
    return [{k: round(v, 4) if isinstance(v, float) else v for k, v in row.items()} for row in rows]


def read_rows(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Reads rows of CSV files that a measurement of some groups has written."""
    rows: list[dict[str, Any]] = []
    for path in paths:
        with path.open(newline='', encoding='utf-8') as file:
            for row in csv.DictReader(file):
                rows.append({key: _number(value) for key, value in row.items() if value != ''})
    return rows


def _number(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def curves_of(rows: Rows, method: str, pick: str, name: str) -> dict[int, list[float]]:
    """Returns the values of a column by round, of each seed."""
    curves: dict[int, list[float]] = {}
    for row in rows:
        if (row['method'], row['choice']) == (method, pick):
            curves.setdefault(row['seed'], []).append(row[name])
    return curves


def rounds_markdown(rows: Rows, groups: Sequence[Group]) -> str:
    """Returns the gain of the last round and what was found, by data set, method and choice."""
    lines = []
    for group in groups:
        own = _of(rows, group.key)
        for method in dict.fromkeys(r['method'] for r in own if r['choice'] != FULL):
            base = curves_of(own, method, PICKS[0], 'last')
            for pick in PICKS:
                found = list(curves_of(own, method, pick, 'found').values())
                curves = curves_of(own, method, pick, 'last')
                mean = np.mean(list(curves.values()), axis=0)
                gaps = np.array([base[seed][-1] - curves[seed][-1] for seed in curves])
                gap = '{:+.2f} ± {:.2f}'.format(*paired_interval(gaps)) if gaps.any() else ''
                texts = [f'{value:.0f}' for value in np.mean(found, axis=0)[1:]]
                lines.append([group.title, method, pick, ' / '.join(texts),
                              *(f'{value:.1f}' for value in mean), gap])  # fmt: skip
    count = max(int(row.get('round', 0)) for row in rows)
    head = ['data', 'method', 'choice', 'positives found', 'test mAP before',
            *(f'round {n}' for n in range(1, count + 1)), 'audit minus it']  # fmt: skip
    return '\n'.join(markdown_table(head, lines))
