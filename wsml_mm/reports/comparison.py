"""Tables of a comparison: mean and spread over seeds, paired differences, every class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.experiments.results import CHECKPOINTS, METRIC, RunResult, tidy_rows

from .plots import write_csv

TITLES = {'best': 'best validation epoch', 'last': 'last epoch'}


def paired_interval(differences: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Returns the mean of paired differences and the half width of its t interval.

    Args:
        differences: (S,) one a seed.
        level: confidence.

    Raises:
        ModuleNotFoundError: if scipy, of the extra `demo`, is missing.
    """
    mean, count = float(differences.mean()), len(differences)
    if count < 2:
        return mean, float('nan')
    try:
        from scipy import stats
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            'the paired interval needs scipy: pip install "wsml_mm[demo]"', name='scipy'
        ) from error
    spread = float(differences.std(ddof=1)) / count**0.5
    return mean, float(stats.t.ppf((1 + level) / 2, count - 1)) * spread


def spread_over_seeds(values: NDArray[np.float64]) -> float:
    """Returns the standard deviation of (S,) values, one a seed; NaN for a single one."""
    return float(values.std(ddof=1)) if len(values) > 1 else float('nan')


def summarise(results: Sequence[RunResult], baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method: test mAP at the best validation epoch and at the last.

    Each has `mean`, `std` (over seeds), and `difference` and `interval` against the baseline's
    runs with the same seeds.
    """
    runs = {(r.method, r.seed): r for r in results}
    rows = []
    for method in dict.fromkeys(r.method for r in results):
        seeds = [s for m, s in runs if m == method]
        row: dict[str, Any] = {'method': method, 'seeds': len(seeds)}
        for checkpoint in CHECKPOINTS:
            score = np.array([runs[method, s].score(checkpoint) for s in seeds])
            row[f'{checkpoint}_mean'] = float(score.mean())
            row[f'{checkpoint}_std'] = spread_over_seeds(score)
            shared = [s for s in seeds if (baseline, s) in runs]
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


def markdown(rows: Sequence[dict[str, Any]], baseline: str) -> str:
    """Returns the summary as a Markdown table."""
    lines = [
        f'| method | test mAP, best validation epoch | minus {baseline} | test mAP, last epoch '
        f'| minus {baseline} |',
        '|---|---|---|---|---|',
    ]
    for row in rows:
        cells = [row['method']]
        for checkpoint in CHECKPOINTS:
            cells.append(plus_minus(row[f'{checkpoint}_mean'], row[f'{checkpoint}_std']))
            gap = row.get(f'{checkpoint}_difference')
            cells.append(
                '' if gap is None else plus_minus(gap, row[f'{checkpoint}_interval'], signed=True)
            )
        lines.append('| ' + ' | '.join(cells) + ' |')
    seeds = rows[0]['seeds']
    note = (
        f'Mean ± standard deviation over {seeds} seeds (observed labels and training); differences '
        'are paired by seed, with 95 % t intervals.'
        if seeds > 1
        else 'One seed.'
    )
    return '\n'.join([*lines, '', note, ''])


def class_markdown(results: Sequence[RunResult], checkpoint: str) -> str:
    """Returns the mean test AP of each class, a column a method."""
    methods = list(dict.fromkeys(r.method for r in results))
    scores = [r.class_scores(checkpoint) for r in results]
    lines = ['| class | ' + ' | '.join(methods) + ' |', '|---' * (len(methods) + 1) + '|']
    for name in scores[0]:
        cells = [
            np.mean([s[name] for r, s in zip(results, scores, strict=True) if r.method == m])
            for m in methods
        ]
        lines.append(f'| {name} | ' + ' | '.join(f'{c:.1f}' for c in cells) + ' |')
    return '\n'.join([*lines, ''])


def write_tables(results: Sequence[RunResult], folder: Path, baseline: str, command: str) -> str:
    """Writes table.md, table.csv, runs.csv and results.csv; returns the summary's Markdown.

    Args:
        results: of `run_comparison`.
        folder: for the files.
        baseline: method that others are compared with.
        command: that made them.
    """
    rows = summarise(results, baseline)
    summary = markdown(rows, baseline)
    parts = [summary]
    for checkpoint in CHECKPOINTS:
        table = class_markdown(results, checkpoint)
        parts.append(f'## Test AP by class, {TITLES[checkpoint]}\n\n{table}')
    parts.append(f'Made by `{command}`\n')
    (folder / 'table.md').write_text('\n'.join(parts), encoding='utf-8')
    write_csv(folder / 'table.csv', rows)
    write_csv(folder / 'runs.csv', [_flat(r) for r in results])
    write_csv(folder / 'results.csv', tidy_rows(results))
    return summary


def _flat(result: RunResult) -> dict[str, Any]:
    row = {key: getattr(result, key) for key in ('method', 'seed', 'best_epoch', 'seconds')}
    for checkpoint in CHECKPOINTS:
        row[f'{checkpoint} {METRIC.removeprefix("multi-label/")}'] = result.score(checkpoint)
        for name, value in result.class_scores(checkpoint).items():
            row[f'{checkpoint} AP/{name}'] = value
    return row


def plus_minus(mean: float, spread: float, signed: bool = False) -> str:
    """Returns 'mean ± spread' with one digit, or the mean alone where the spread is NaN."""
    text = f'{mean:+.1f}' if signed else f'{mean:.1f}'
    return text if np.isnan(spread) else f'{text} ± {spread:.1f}'
