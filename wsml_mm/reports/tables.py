"""Numbers of several seeds as tables: mean and spread, paired intervals, CSV and Markdown."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# What the tested checkpoints of a run are called in headings.
CHECKPOINT_TITLES = {
    'best': 'best validation epoch',
    'best_observed': 'best epoch by partial validation labels',
    'last': 'last epoch',
}


def spread_over_seeds(values: NDArray[np.float64]) -> float:
    """Returns the standard deviation of (S,) values, one a seed; NaN for a single one."""
    return float(values.std(ddof=1)) if len(values) > 1 else float('nan')


def paired_interval(differences: NDArray[np.float64], level: float = 0.95) -> tuple[float, float]:
    """Returns the mean of paired differences and the half width of its t interval.

    Args:
        differences: (S,) one a seed.
        level: confidence.
    """
    from scipy.special import stdtrit  # the quantile of scipy.stats, which takes long to import

    mean, count = float(differences.mean()), len(differences)
    if count < 2:
        return mean, float('nan')
    standard_error = spread_over_seeds(differences) / count**0.5
    return mean, float(stdtrit(count - 1, (1 + level) / 2)) * standard_error


def plus_minus(mean: float, spread: float, signed: bool = False) -> str:
    """Returns 'mean ± spread' with one digit, or the mean alone where the spread is NaN."""
    text = f'{mean:+.1f}' if signed else f'{mean:.1f}'
    return text if np.isnan(spread) else f'{text} ± {spread:.1f}'


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Returns the lines of a Markdown table.

    Args:
        head: names of the columns.
        rows: the texts of each row, one a column; a | in one is escaped.
    """
    cells = ([cell.replace('|', '\\|') for cell in line] for line in (head, *rows))
    lines = [f'| {" | ".join(line)} |' for line in cells]
    return [lines[0], '|---' * len(head) + '|', *lines[1:]]


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows as CSV; the columns are the keys in the order they first appear."""
    fields = list(dict.fromkeys(key for row in rows for key in row))
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)
