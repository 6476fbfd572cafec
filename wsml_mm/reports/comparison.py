"""A comparison: mean and spread over seeds, paired differences, every class, the mAP by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.experiments.results import (
    ALL_CHECKPOINTS,
    BEST_OBSERVED,
    CHECKPOINTS,
    METRIC,
    RunResult,
    tidy_rows,
)

from .plots import legend_below, new_figure, plot_band, save_figure, set_title, tidy_axes
from .published import published_markdown, published_rows
from .styles import Style, style_of
from .tables import (
    CHECKPOINT_TITLES,
    markdown_table,
    paired_interval,
    plus_minus,
    spread_over_seeds,
    write_csv,
)

PARTIAL_NOTE = (
    ' Partial validation labels: hidden by the process that hides the training labels, with '
    'another seed; the mAP on them takes what is unobserved for negative.'
)


def summarise(results: Sequence[RunResult], baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method: test mAP at the best validation epoch and at the last.

    Where all runs of a method have it, also at the best epoch by partial validation labels. Each
    has `mean`, `std` (over seeds), and `difference` and `interval` against the baseline's
    runs with the same seeds.
    """
    runs = {(r.method, r.seed): r for r in results}
    rows = []
    for method in dict.fromkeys(r.method for r in results):
        seeds = [s for m, s in runs if m == method]
        row: dict[str, Any] = {'method': method, 'seeds': len(seeds)}
        for checkpoint in _tested([runs[method, s] for s in seeds]):
            score = np.array([runs[method, s].score(checkpoint) for s in seeds])
            row[f'{checkpoint}_mean'] = float(score.mean())
            row[f'{checkpoint}_std'] = spread_over_seeds(score)
            shared = [
                s
                for s in seeds
                if (baseline, s) in runs and checkpoint in runs[baseline, s].checkpoints
            ]
            if method != baseline and shared:
                gaps = [
                    runs[method, s].score(checkpoint) - runs[baseline, s].score(checkpoint)
                    for s in shared
                ]
                difference, interval = paired_interval(np.array(gaps))
                row[f'{checkpoint}_difference'] = difference
                row[f'{checkpoint}_interval'] = interval
        row['best_epoch'] = float(np.mean([runs[method, s].best_epoch for s in seeds]))
        rows.append(row)
    return rows


def _tested(results: Sequence[RunResult]) -> list[str]:
    """Returns the checkpoints that all results have."""
    return [c for c in ALL_CHECKPOINTS if all(c in r.checkpoints for r in results)]


def markdown(rows: Sequence[dict[str, Any]], baseline: str) -> str:
    """Returns the summary as a Markdown table."""
    head = ['method']
    tested = [c for c in ALL_CHECKPOINTS if any(f'{c}_mean' in row for row in rows)]
    for checkpoint in tested:
        head += [f'test mAP, {CHECKPOINT_TITLES[checkpoint]}', f'minus {baseline}']
    lines = []
    for row in rows:
        cells = [row['method']]
        for checkpoint in tested:
            if f'{checkpoint}_mean' not in row:
                cells += ['', '']
                continue
            cells.append(plus_minus(row[f'{checkpoint}_mean'], row[f'{checkpoint}_std']))
            gap = row.get(f'{checkpoint}_difference')
            cells.append(
                '' if gap is None else plus_minus(gap, row[f'{checkpoint}_interval'], signed=True)
            )
        lines.append(cells)
    seeds = rows[0]['seeds']
    note = (
        f'Mean ± standard deviation over {seeds} seeds (observed labels and training); differences '
        'are paired by seed, with 95 % t intervals.'
        if seeds > 1
        else 'One seed.'
    )
    if BEST_OBSERVED in tested:
        note += PARTIAL_NOTE
    return '\n'.join([*markdown_table(head, lines), '', note, ''])


def class_markdown(results: Sequence[RunResult], checkpoint: str) -> str:
    """Returns the mean test AP of each class, a column a method."""
    methods = list(dict.fromkeys(r.method for r in results))
    scores = [r.class_scores(checkpoint) for r in results]
    lines = []
    for name in scores[0]:
        means = [
            np.mean([s[name] for r, s in zip(results, scores, strict=True) if r.method == m])
            for m in methods
        ]
        lines.append([name, *(f'{mean:.1f}' for mean in means)])
    return '\n'.join([*markdown_table(['class', *methods], lines), ''])


def write_tables(results: Sequence[RunResult], folder: Path, baseline: str, command: str) -> str:
    """Writes table.md, table.csv, runs.csv and results.csv; returns the summary's Markdown.

    Where numbers are published of a method under the protocol, they stand beside the measured ones,
    and in published.csv.

    Args:
        results: of `run_comparison`.
        folder: for the files.
        baseline: method that others are compared with.
        command: that made them.
    """
    rows = summarise(results, baseline)
    parts = [markdown(rows, baseline), published_markdown(results)]
    summary = '\n'.join(part for part in parts if part)
    parts = [summary]
    for checkpoint in CHECKPOINTS:
        parts.append(
            f'## Test AP by class, {CHECKPOINT_TITLES[checkpoint]}\n\n'
            f'{class_markdown(results, checkpoint)}'
        )
    parts.append(f'Made by `{command}`\n')
    (folder / 'table.md').write_text('\n'.join(parts), encoding='utf-8')
    write_csv(folder / 'table.csv', rows)
    if published := published_rows(results):
        write_csv(folder / 'published.csv', published)
    write_csv(folder / 'runs.csv', [_flat(r) for r in results])
    write_csv(folder / 'results.csv', tidy_rows(results))
    return summary


def _flat(result: RunResult) -> dict[str, Any]:
    names = ('method', 'seed', 'best_epoch', 'best_observed_epoch', 'seconds', 'memory')
    row = {name: getattr(result, name) for name in names}
    for checkpoint in result.checkpoints:
        row[f'{checkpoint} {METRIC.removeprefix("multi-label/")}'] = result.score(checkpoint)
        for name, value in result.class_scores(checkpoint).items():
            row[f'{checkpoint} AP/{name}'] = value
    return row


def draw_curves(
    results: Sequence[RunResult],
    path: Path,
    title: str = '',
    styles: dict[str, Style] | None = None,
) -> None:
    """Draws validation mAP by epoch of each method as PNG and SVG.

    Args:
        results: of `run_once`.
        path: without a suffix.
        title: above the axes.
        styles: of `read_styles`.
    """
    figure, axes = new_figure(figsize=(7, 4.2))
    styles = {} if styles is None else styles
    for method in dict.fromkeys(r.method for r in results):
        curves = [r.validation for r in results if r.method == method]
        length = min(map(len, curves))
        line = style_of(method, styles).line()
        plot_band(
            axes, np.arange(1, length + 1), [c[:length] for c in curves], label=method, **line
        )
    axes.set(xlabel='epoch', ylabel='validation mAP (%)')
    set_title(figure, title)
    axes.xaxis.get_major_locator().set_params(integer=True)
    tidy_axes(axes)
    legend_below(figure, axes.get_legend_handles_labels())
    save_figure(figure, path)
