"""A comparison's test mAP over groups of classes (Large Loss Matters, CVPR 2022, Table 3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.evaluation.frequency_groups import COUNTS
from wsml_mm.experiments.results import CHECKPOINTS, RunResult

from .tables import (
    CHECKPOINT_TITLES,
    markdown_table,
    paired_interval,
    plus_minus,
    spread_over_seeds,
)

# Names of groups and their classes, in order; a last one holds all classes.
Groups = Mapping[str, Sequence[str]]


def group_scores(result: RunResult, groups: Groups, checkpoint: str) -> dict[str, float]:
    """Returns the mean AP of each group of one run; classes without any annotation are left out.

    Args:
        result: of a run, tested with `classwise=True`.
        groups: names and their classes.
        checkpoint: of `CHECKPOINTS`.

    Raises:
        ValueError: if the run has no AP of a class.
    """
    scores = result.class_scores(checkpoint)
    means = {}
    for group, classes in groups.items():
        if missing := [name for name in classes if name not in scores]:
            raise ValueError(
                f'{result.method} {result.seed}: the result has no AP of {missing[0]!r}; '
                "test with test_evaluator=dict(type='MeanAveragePrecision', classwise=True)"
            )
        known = [scores[name] for name in classes if not np.isnan(scores[name])]
        means[group] = float(np.mean(known)) if known else float('nan')
    return means


def group_rows(results: Sequence[RunResult], groups: Groups, baseline: str) -> list[dict[str, Any]]:
    """Returns one row a method, checkpoint and group: mean, spread, paired difference.

    Args:
        results: of `run_comparison`.
        groups: names and their classes.
        baseline: method whose runs with the same seeds are subtracted.
    """
    rows: list[dict[str, Any]] = []
    for checkpoint in CHECKPOINTS:
        runs = {(r.method, r.seed): group_scores(r, groups, checkpoint) for r in results}
        for method in dict.fromkeys(r.method for r in results):
            seeds = [s for m, s in runs if m == method]
            for group, classes in groups.items():
                score = np.array([runs[method, s][group] for s in seeds])
                row: dict[str, Any] = dict(
                    method=method, checkpoint=checkpoint, group=group, classes=len(classes)
                )
                row |= dict(
                    seeds=len(seeds), mean=float(score.mean()), std=spread_over_seeds(score)
                )
                gaps = [
                    runs[method, s][group] - runs[baseline, s][group]
                    for s in seeds
                    if (baseline, s) in runs
                ]
                if method != baseline and gaps:
                    row['difference'], row['interval'] = paired_interval(np.array(gaps))
                rows.append(row)
    return rows


def group_markdown(rows: Sequence[dict[str, Any]], groups: Groups) -> str:
    """Returns a Markdown table for each checkpoint: methods by groups."""
    cells = {
        (r['checkpoint'], r['method'], r['group']): plus_minus(r['mean'], r['std']) for r in rows
    }
    methods = list(dict.fromkeys(row['method'] for row in rows))
    lines = []
    for checkpoint in CHECKPOINTS:
        lines += [f'Test mAP, {CHECKPOINT_TITLES[checkpoint]}:', '']
        body = [[m, *(cells[checkpoint, m, group] for group in groups)] for m in methods]
        lines += [*markdown_table(['method', *groups], body), '']
    lines += [f'{group}: {", ".join(classes)}.' for group, classes in list(groups.items())[:-1]]
    return '\n'.join([*lines, ''])


def class_rows(
    classes: Sequence[str], counts: dict[str, NDArray[np.int64]], groups: Sequence[Sequence[int]]
) -> list[dict[str, Any]]:
    """Returns one row a class: its group and its annotations, in the order of the groups."""
    return [
        {
            'class': classes[index],
            'group': f'G{number}',
            **{c: int(counts[c][index]) for c in COUNTS},
        }
        for number, group in enumerate(groups, start=1)
        for index in group
    ]


def group_members(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Returns the classes of each group of `class_rows`, and of all of them as 'all'."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        groups.setdefault(row['group'], []).append(row['class'])
    groups['all'] = [row['class'] for row in rows]
    return groups
