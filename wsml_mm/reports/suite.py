"""The tables of a suite: protocols, published numbers, ranks, time and memory, refusals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.experiments.apply import FULL_LABELS
from wsml_mm.experiments.results import ALL_CHECKPOINTS, RunResult, tidy_rows
from wsml_mm.experiments.suite import PartResult
from wsml_mm.experiments.tuning import Tuned

from .comparison import markdown, summarise
from .plots import write_figure_files
from .published import published_markdown, published_rows
from .ranks import ScoreTable, rank_rows
from .ranks_figure import draw_ranks
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

    Files: table.csv (a row a protocol and method), runs.csv, results.csv (a row a number),
    published.csv, tuning.csv, labels.csv (fingerprints of the labels of every run), refused.csv,
    and for each way to choose the epoch ranks_CHECKPOINT.csv and its figure.

    Args:
        parts: of `run_suite`.
        folder: for the files.
        baseline: title of the method that others are compared with.
        command: that made them.
        title: of the figures.
    """
    results = [result for part in parts for result in part.results]
    texts = [_part_markdown(part, baseline) for part in parts]
    checkpoints = [c for c in ALL_CHECKPOINTS if any(c in r.checkpoints for r in results)]
    for checkpoint in checkpoints:
        texts.append(_write_ranks(results, checkpoint, folder, baseline, command, title))
    texts.append(f'Made by `{command}`\n')
    whole = '\n'.join(text for text in texts if text)
    (folder / 'table.md').write_text(whole, encoding='utf-8')
    rows = {
        'table': [row for part in parts for row in _table_rows(part, baseline)],
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
    for name, found in rows.items():
        (folder / f'{name}.csv').unlink(missing_ok=True)  # of an earlier call, which may be others
        if found:
            write_csv(folder / f'{name}.csv', found)
    return whole


def _part_markdown(part: PartResult, baseline: str) -> str:
    lines = [f'## {part.part.title}', '']
    if part.results:
        rows = _table_rows(part, baseline)
        lines += [markdown(rows, baseline), _tuning_note(part), '', _cost_markdown(rows)]
        lines += [text for text in [published_markdown(part.results)] if text]
    for head, reasons in (
        ('Do not run under this protocol:', [f'{m}: {why}' for m, why in part.refused.items()]),
        ('Failed, and in no table:', part.failures),
    ):
        if reasons:
            lines += [head, '', *(f'- {reason}' for reason in reasons), '']
    return '\n'.join(lines)


def _table_rows(part: PartResult, baseline: str) -> list[dict[str, Any]]:
    rows = summarise(part.results, baseline)
    for row in rows:
        runs = [r for r in part.results if r.method == row['method']]
        chosen = part.tuned.get(row['method'])
        row |= {
            'seconds': float(np.mean([r.seconds for r in runs])),
            'memory_MiB': float(np.max([r.memory for r in runs])),
            'tuned': chosen.point.name if chosen else 'untuned',
        }
    return [{'protocol': part.part.name, **row} for row in rows]


def _cost_markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """Returns the time and memory of each method, and the chosen point where there is a grid."""
    head = ['method', 'best epoch', 'training (s)', 'peak memory (MiB)', 'hyper-parameters']
    lines = [
        [
            row['method'],
            f'{row["best_epoch"]:.1f}',
            f'{row["seconds"]:.1f}',
            f'{row["memory_MiB"]:.0f}' if row['memory_MiB'] else '',
            row['tuned'],
        ]
        for row in rows
    ]
    return '\n'.join([*markdown_table(head, lines), ''])


def _tuning_note(part: PartResult) -> str:
    tried = sorted({tuned.tried for tuned in part.tuned.values()})
    if not tried:
        return (
            'Untuned: the hyper-parameters of the papers, or of the fragments in configs/methods.'
        )
    return (
        f'Tuned: the best of {" or ".join(map(str, tried))} points a method by validation, the '
        'numbers of the paper among them; the test set was not looked at before.'
    )


def _write_ranks(
    results: Sequence[RunResult],
    checkpoint: str,
    folder: Path,
    baseline: str,
    command: str,
    title: str,
) -> str:
    own = [r for r in results if r.key != FULL_LABELS['key']]  # a bound, not a method
    table = ScoreTable.of(own, checkpoint)
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
            _interval(row, 'baseline'),
            f'{_interval(row, "best")} ({row["best_other"]})',
        ]
        for row in rows
    ]
    left_out = sorted({r.method for r in own} - set(table.methods))
    note = f'{_RANK_NOTE} {len(table.blocks)} blocks; critical difference of mean ranks '
    note += f'(Nemenyi, 95 %): {table.critical_difference():.2f}'
    if not np.isnan(table.friedman()):
        note += f'; Friedman p = {table.friedman():.2g}'
    if left_out:
        note += f'. Not run in every block, and left out: {", ".join(left_out)}'
    where = f'## Ranks, {CHECKPOINT_TITLES[checkpoint]}'
    return '\n'.join([where, '', *markdown_table(head, lines), '', f'{note}.', ''])


def _interval(row: Mapping[str, Any], name: str) -> str:
    if f'minus_{name}' not in row:
        return ''
    text = f'{row[f"minus_{name}"]:+.2f}'
    low, high = row[f'{name}_low'], row[f'{name}_high']
    return text if np.isnan(low) else f'{text} [{low:+.2f}, {high:+.2f}]'


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
