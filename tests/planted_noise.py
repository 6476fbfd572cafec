"""Trainings made up label by label, so that every number of an analysis is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from wsml_mm.engine.hooks.epoch_file import epoch_file
from wsml_mm.experiments.history import RunDynamics, read_run

# What a method calls that which it does to a label, and whether it claims that it is negative.
ACTIONS = {'LL-R': ('ignored', False), 'NEG': ('negative', True)}


def action_of(method: str) -> tuple[str, bool]:
    return ACTIONS.get(method, ('positive', False))


class Seen(NamedTuple):
    """One label of one image in one epoch."""

    label: int  # the class
    observed: int
    truth: int
    loss: float
    selected: bool
    kept: bool


def plant(
    folder: Path, method: str, seed: int, epochs: int = 4, classes: int = 3, images: int = 30
) -> tuple[RunDynamics, list[list[Seen]]]:
    """Leaves a run in a folder; returns it, read back, and its labels, epoch by epoch.

    Some labels are observed. 'AN' selects nothing, 'LL-R' ignores and the others correct what they
    select, 'NEG' as negative; 'LL-Cp' keeps what it has selected in earlier epochs.
    """
    rng = np.random.default_rng(seed)
    truth = (rng.random((images, classes)) < np.linspace(0.6, 0.2, classes)).astype(int)
    observed = np.where(rng.random((images, classes)) < 0.1, truth, -1)
    history, held = [], np.zeros_like(truth, dtype=bool)
    for epoch in range(epochs):
        loss = rng.integers(0, 64, truth.shape) / 8 / (epoch + 1)
        chosen = (rng.random(truth.shape) < 0.3) & (observed == -1) & ~held & (epoch > 0)
        if method == 'AN':
            chosen[:] = False
        history.append([
            Seen(c, *(int(x[i, c]) for x in (observed, truth)), float(loss[i, c]),
                 bool(chosen[i, c]), bool(held[i, c]))
            for i, c in np.ndindex(truth.shape)
        ])  # fmt: skip
        _write(folder, epoch, method, observed, truth, loss, chosen, held)
        if method == 'LL-Cp':
            held = held | chosen
    return read_run(folder, method, seed), history


def _write(folder, epoch, method, observed, truth, loss, chosen, held):
    """Writes the file of an epoch, (C,) each; what has not happened yet is not in it."""
    action, negative = action_of(method)
    unobserved, right = observed == -1, truth == (0 if negative else 1)
    is_open = unobserved & ~held
    columns = {
        'open_count': is_open,
        'hidden_positive': is_open & (truth == 1),
        'hidden_negative': is_open & (truth == 0),
    }
    for name, done in ((action, chosen), (f'kept_{action}', held)):
        if done.any():
            columns |= {
                f'{name}_count': done, f'{name}_judged': done, f'{name}_right': done & right
            }  # fmt: skip
    groups = {
        'true_negative': unobserved & (truth == 0),
        'false_negative': unobserved & (truth == 1),
        'observed_positive': observed == 1,
        'observed_negative': observed == 0,
    }
    columns |= {f'{name}_count': group for name, group in groups.items()}
    sums = {name: column.sum(axis=0).astype(np.int64) for name, column in columns.items()}
    sums |= {f'{n}_loss': np.where(g, loss, 0).sum(axis=0) for n, g in groups.items()}
    classes = np.array([f'class {c}' for c in range(truth.shape[1])])
    file = epoch_file(folder, epoch + 1)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez(file, classes=classes, **sums)


def known_quality(labels: list[Seen], negative: bool = False) -> dict[str, float]:
    """The numbers of an epoch's (or a class's) choices, with plain counts; NaN where none."""

    def share(part: list[Seen], whole: list[Seen]) -> float:
        return len(part) / len(whole) if whole else float('nan')

    unobserved = [s for s in labels if s.observed == -1]
    true = 0 if negative else 1
    hidden = [s for s in unobserved if s.truth == true]
    chosen = [s for s in labels if s.selected]
    acted = [s for s in labels if s.selected or s.kept]
    return {
        'precision': share([s for s in chosen if s.truth == true], chosen),
        'recall': share([s for s in chosen if s.truth == true], hidden),
        'precision_in_force': share([s for s in acted if s.truth == true], acted),
        'recall_in_force': share([s for s in acted if s.truth == true], hidden),
        'chance': share(hidden, unobserved),
    }


def known_losses(labels: list[Seen]) -> dict[str, list[float]]:
    """The losses of each group."""
    groups: dict[str, list[float]] = {
        g: [] for g in ('true_negative', 'false_negative', 'observed_positive', 'observed_negative')
    }
    for seen in labels:
        kind = ('true_' if not seen.truth else 'false_') + 'negative'
        if seen.observed != -1:
            kind = 'observed_' + ('positive' if seen.observed else 'negative')
        groups[kind].append(seen.loss)
    return groups
