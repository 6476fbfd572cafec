"""The tables of a suite: protocols, published numbers, ranks, time and memory, refusals."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.experiments.results import ALL_CHECKPOINTS, RunResult, tidy_rows
from wsml_mm.experiments.suite import PartResult
from wsml_mm.experiments.tuning import Tuned

from .plots import write_figure_files
from .published import published_rows
from .ranks import rank_rows
from .ranks_figure import draw_ranks
from .suite_protocol import (
    difference_rows,
    interval_text,
    methods_of,
    protocol_markdown,
    table_of,
    table_rows,
)
from .tables import CHECKPOINT_TITLES, markdown_table, write_csv

_RANK_NOTE = (
    'Ranks are means over the blocks, a protocol and a seed each. Differences are paired by block, '
    'with 95 % bootstrap intervals over the seeds: they speak of other masks and trainings on '
    'these data sets, not of other data sets.'
)


def write_suite(
    parts: Sequence[PartResult], folder: Path, baseline: str, command: str, title: str = ''
) -> str:
    """Writes table.md, the CSV files and the figure of ranks; returns the Markdown.

    Files: table.csv (a row a protocol and method), differences.csv (within a protocol, with
    bootstrap intervals), runs.csv, results.csv (a row a number), published.csv, tuning.csv,
    labels.csv (fingerprints of the labels of every run), refused.csv, and for each way to choose
    the epoch ranks_CHECKPOINT.csv and its figure.

    Args:
        parts: of `run_suite`.
        folder: for the files.
        baseline: title of the method that others are compared with.
        command: that made them.
        title: of the figures.
    """
    results = [result for part in parts for result in part.results]
    tables = [table_rows(part, baseline) for part in parts]
    differences = [difference_rows(part, baseline) for part in parts]
    texts = [
        protocol_markdown(part, baseline, rows, gaps)
        for part, rows, gaps in zip(parts, tables, differences, strict=True)
    ]
    checkpoints = [c for c in ALL_CHECKPOINTS if any(c in r.checkpoints for r in results)]
    for checkpoint in checkpoints:
        texts.append(_write_ranks(results, checkpoint, folder, baseline, command, title))
    texts.append(f'Made by `{command}`\n')
    whole = '\n'.join(text for text in texts if text)
    (folder / 'table.md').write_text(whole, encoding='utf-8')
    rows = {
        'table': [row for found in tables for row in found],
        'differences': [row for found in differences for row in found],
        'runs': [_run_row(result) for result in results],
        'results': tidy_rows(results),
        'published': published_rows(results),
        'tuning': [row for part in parts for row in _tuning_rows(part)],
        'labels': [_label_row(result) for result in results],
        'refused': [
            {'protocol': part.part.name, 'method': method, 'reason': reason}
            for part in parts
            for method, reason in part.refused.items()
        ],
    }
    for name, own in rows.items():
        (folder / f'{name}.csv').unlink(missing_ok=True)  # of an earlier call, which may be others
        if own:
            write_csv(folder / f'{name}.csv', own)
    return whole


def _write_ranks(
    results: Sequence[RunResult],
    checkpoint: str,
    folder: Path,
    baseline: str,
    command: str,
    title: str,
) -> str:
    table = table_of(results, checkpoint)
    if len(table.methods) < 2:
        return ''
    rows = rank_rows(table, baseline)
    figure = draw_ranks(table, title)
    write_figure_files(folder / f'ranks_{checkpoint}', figure, rows, command)
    head = ['method', 'mean rank', 'mean mAP', f'minus {baseline}', 'minus the best other']
    lines = [
        [
            row['method'],
            f'{row["rank"]:.2f}',
            f'{row["mean"]:.2f}',
            interval_text(row, 'baseline'),
            f'{interval_text(row, "best")} ({row["best_other"]})',
        ]
        for row in rows
    ]
    left_out = sorted(methods_of(results) - set(table.methods))
    note = f'{_RANK_NOTE} {len(table.blocks)} blocks; critical difference of mean ranks '
    note += f'(Nemenyi, 95 %): {table.critical_difference():.2f}'
    if not np.isnan(table.friedman()):
        note += f'; Friedman p = {table.friedman():.2g}'
    if left_out:
        note += f'. Not run in every block, and left out: {", ".join(left_out)}'
    where = f'## Ranks, {CHECKPOINT_TITLES[checkpoint]}'
    return '\n'.join([where, '', *markdown_table(head, lines), '', f'{note}.', ''])


def _run_row(result: RunResult) -> dict[str, Any]:
    names = ('protocol', 'method', 'seed', 'best_epoch', 'best_observed_epoch', 'seconds', 'memory')
    row = {name: getattr(result, name) for name in names}
    return row | {f'{c}_mAP': result.score(c) for c in result.checkpoints}


def _label_row(result: RunResult) -> dict[str, Any]:
    own = {key: value for key, value in result.identity.items() if key.endswith(' labels')}
    place = {'protocol': result.protocol, 'method': result.method, 'seed': result.seed}
    return place | own | {'wsml_mm': result.version}


def _tuning_rows(part: PartResult) -> list[dict[str, Any]]:
    return [row for method, tuned in part.tuned.items() for row in _points(part, method, tuned)]


def _points(part: PartResult, method: str, tuned: Tuned) -> list[dict[str, Any]]:
    return [
        {
            'protocol': part.part.name,
            'method': method,
            'point': name,
            'validation_mAP': score,
            'chosen': int(name == tuned.point.name),
        }
        for name, score in tuned.scores.items()
    ]
