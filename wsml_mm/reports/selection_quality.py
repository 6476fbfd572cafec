"""How often what a method does to unobserved labels is right, and how much it finds.

An action claims something: 'positive' and 'ignored' that the label is truly positive, 'negative'
that it is not; 'kept_positive' and 'kept_negative' are decisions of earlier epochs in force.

Kim et al., "Large Loss Matters in Weakly Supervised Multi-Label Classification", CVPR 2022,
https://arxiv.org/abs/2206.03740, Fig. 4.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.experiments.history import Array, RunDynamics, by_method, cells, ratio

KEPT = 'kept_'
MOST_CLASSES = 40  # that a figure shows
_SOUGHT = ('false_negative', 'true_negative')  # groups of what a positive and a negative claim seek
_OPEN = ('open_count', 'hidden_positive', 'hidden_negative')
_COUNTS = ('count', 'judged', 'right')


def quality(sums: Mapping[str, Array], action: str) -> dict[str, Array]:
    """Returns precision and recall of an action, as shares; NaN where nothing was done.

    `precision` is the share of right ones among those of known truth, `recall` the share that they
    are of all unobserved labels whose truth is what the action claims, decided earlier or not (the
    log's recall leaves those aside that are). `..._in_force` count an action together with the
    same decisions of earlier epochs.

    Args:
        sums: of `RunDynamics`, of one shape.
        action: of its `actions`.
    """
    new = action.removeprefix(KEPT)
    nothing = np.zeros_like(sums['open_count'])

    def both(what: str) -> Array:
        held: Array = sums.get(f'{KEPT}{new}_{what}', nothing)
        return np.asarray(sums.get(f'{new}_{what}', nothing) + held, np.float64)

    sought = sums[f'{_SOUGHT[claims_negative(action)]}_count']
    return {
        'precision': ratio(sums[f'{action}_right'], sums[f'{action}_judged']),
        'recall': ratio(sums[f'{action}_right'], sought),
        'precision_in_force': ratio(both('right'), both('judged')),
        'recall_in_force': ratio(both('right'), sought),
        'chance': chance(sums, claims_negative(action)),
    }


def chance(sums: Mapping[str, Array], negative: bool = False) -> Array:
    """Returns the precision of a random choice among the unobserved labels.

    Args:
        sums: of `RunDynamics`, of one shape.
        negative: of labels said to be negative.
    """
    counts = [sums[f'{group}_count'] for group in _SOUGHT]
    return ratio(counts[negative], counts[0] + counts[1])


def claims_negative(action: str) -> bool:
    """Returns whether an action claims that a label is negative."""
    return action.endswith('negative')


def acting(runs: Sequence[RunDynamics]) -> tuple[list[RunDynamics], list[str]]:
    """Returns the runs of the methods that do anything, and the names of the others."""
    idle = [m for m, rs in by_method(runs).items() if not any(run.actions for run in rs)]
    return [run for run in runs if run.method not in idle], idle


def actions_of(runs: Sequence[RunDynamics]) -> list[str]:
    """Returns the actions of any of the runs, those of earlier epochs last."""
    found = dict.fromkeys(action for run in runs for action in run.actions)
    return sorted(found, key=lambda action: action.startswith(KEPT))


def quality_rows(runs: Sequence[RunDynamics], by_class: bool = False) -> list[dict[str, Any]]:
    """Returns a row a run, epoch, (class) and action: its counts and what `quality` makes of them.

    Args:
        runs: of methods that do anything, see `acting`.
        by_class: a row a class too.
    """
    rows = []
    for run in runs:
        sums = run.sums if by_class else run.totals()
        found = {action: quality(sums, action) for action in actions_of([run])}
        for place in np.ndindex(sums['open_count'].shape):
            row: dict[str, Any] = {'method': run.method, 'seed': run.seed, 'epoch': place[0] + 1}
            if by_class:
                row['class'] = run.classes[place[1]]
            row |= {key: int(sums[key][place]) for key in _OPEN}
            for action, values in found.items():
                counts = {key: int(sums[f'{action}_{key}'][place]) for key in _COUNTS}
                rows.append({**row, 'action': action, **counts, **cells(values, place)})
    return rows


def hidden_positives(runs: Sequence[RunDynamics]) -> Array:
    """Returns (C,) unobserved and truly positive labels of an epoch, the mean over runs."""
    counts = [run.sums['false_negative_count'].mean(axis=0) for run in runs]
    return np.asarray(np.mean(counts, axis=0), dtype=np.float64)


def shown_classes(runs: Sequence[RunDynamics], most: int = MOST_CLASSES) -> NDArray[np.int64]:
    """Returns the classes to draw, those with most hidden positives first, at most `most`.

    Raises:
        ValueError: if the runs are of different classes.
    """
    if len({run.classes for run in runs}) > 1:
        raise ValueError('the methods are of different classes: compare those of one data set')
    return np.argsort(-hidden_positives(runs), kind='stable')[:most].astype(np.int64)


def pooled(runs: Sequence[RunDynamics], action: str) -> dict[str, Array]:
    """Returns `quality` by class over all epochs together, (S, C) each, a row a run.

    Args:
        runs: S runs that have the action.
        action: of their `actions`.
    """
    found = [quality(over_epochs(run), action) for run in runs]
    return {key: np.stack([f[key] for f in found]) for key in found[0]}


def over_epochs(run: RunDynamics) -> dict[str, Array]:
    """Returns a run's sums over all epochs, (C,) each."""
    return {key: value.sum(axis=0) for key, value in run.sums.items()}
