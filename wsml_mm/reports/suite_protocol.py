"""The section of one protocol in the page of a suite."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from wsml_mm.experiments.apply import FULL_LABELS
from wsml_mm.experiments.results import ALL_CHECKPOINTS, RunResult
from wsml_mm.experiments.suite import PartResult

from .comparison import markdown, summarise
from .published import published_markdown
from .ranks import ScoreTable, rank_rows
from .tables import CHECKPOINT_TITLES, markdown_table


def protocol_markdown(
    part: PartResult,
    baseline: str,
    rows: Sequence[dict[str, Any]],
    differences: Sequence[Mapping[str, Any]],
) -> str:
    """Returns the section of a protocol: its tables, what does not run and what failed.

    Args:
        part: the protocol.
        baseline: title of the method that others are compared with.
        rows: of `table_rows`.
        differences: of `difference_rows`.
    """
    lines = [f'## {part.part.title}', '']
    if part.results:
        lines += [markdown(rows, baseline), _tuning_note(part), '', _cost_markdown(rows)]
        lines.append(_difference_markdown(differences))
        lines += [text for text in [published_markdown(part.results)] if text]
    for head, reasons in (
        ('Do not run under this protocol:', [f'{m}: {why}' for m, why in part.refused.items()]),
        ('Failed, and in no table:', part.failures),
    ):
        if reasons:
            lines += [head, '', *(f'- {reason}' for reason in reasons), '']
    return '\n'.join(lines)


def table_rows(part: PartResult, baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method: that of `summarise`, with time, memory and how it was tuned."""
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
    head = [
        'method',
        'seeds',
        'best epoch',
        'training (s)',
        'peak memory (MiB)',
        'hyper-parameters',
    ]
    lines = [
        [
            row['method'],
            str(row['seeds']),
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


def methods_of(results: Sequence[RunResult]) -> set[str]:
    """Returns the methods of results, without the upper bound, which is none."""
    return {r.method for r in results if r.key != FULL_LABELS['key']}


def table_of(results: Sequence[RunResult], checkpoint: str) -> ScoreTable:
    """Returns the scores of methods at a checkpoint, without the upper bound."""
    methods = methods_of(results)
    return ScoreTable.of([r for r in results if r.method in methods], checkpoint)


def difference_rows(part: PartResult, baseline: str) -> list[dict[str, Any]]:
    """Returns the rows of `rank_rows` within a protocol, of each checkpoint."""
    rows = []
    for checkpoint in ALL_CHECKPOINTS:
        table = table_of(part.results, checkpoint)
        place = {'protocol': part.part.name, 'checkpoint': checkpoint}
        if len(table.methods) > 1:
            rows += [{**place, **row} for row in rank_rows(table, baseline)]
    return rows


def _difference_markdown(differences: Sequence[Mapping[str, Any]]) -> str:
    rows = {(row['checkpoint'], row['method']): row for row in differences}
    checkpoints = [c for c in ALL_CHECKPOINTS if any(known == c for known, _ in rows)]
    if not checkpoints:
        return ''
    methods = list(dict.fromkeys(method for _, method in rows))
    head = ['minus the best other', *(CHECKPOINT_TITLES[c] for c in checkpoints)]
    lines = []
    for method in methods:
        found = [rows.get((checkpoint, method)) for checkpoint in checkpoints]
        texts = [f'{interval_text(r, "best")} ({r["best_other"]})' if r else '' for r in found]
        lines.append([method, *texts])
    note = (
        'Paired by seed, with 95 % bootstrap intervals; for the best the other is the second best.'
    )
    return '\n'.join([*markdown_table(head, lines), '', note, ''])


def interval_text(row: Mapping[str, Any], name: str) -> str:
    """Returns a difference of `rank_rows` with its interval; '' where the row has none."""
    if f'minus_{name}' not in row:
        return ''
    text = f'{row[f"minus_{name}"]:+.2f}'
    low, high = row[f'{name}_low'], row[f'{name}_high']
    return text if np.isnan(low) else f'{text} [{low:+.2f}, {high:+.2f}]'
