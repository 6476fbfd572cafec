"""Trainings made up label by label, so that every number of an analysis is known."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmpretrain.structures import DataSample

from wsml_mm.datasets.partial_label import FULL_LABELS
from wsml_mm.engine.hooks.epoch_file import epoch_file, write_epoch
from wsml_mm.engine.hooks.selection_record import SelectionRecord
from wsml_mm.experiments.history import RunDynamics, read_run
from wsml_mm.models.losses import LossTrace


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

    One of an image's true labels is observed, some known negatives too. 'AN' selects nothing,
    'LL-Cp' keeps what it has selected in earlier epochs.
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
        _write(folder, epoch, observed, truth, loss, chosen, held)
        if method == 'LL-Cp':
            held = held | chosen
    return read_run(folder, method, seed), history


def _write(folder, epoch, observed, truth, loss, chosen, held):
    record, samples = SelectionRecord(), []
    for row in truth:
        samples.append(DataSample())
        samples[-1].set_field(torch.from_numpy(row), FULL_LABELS)
    open_ = (observed == -1) & ~held
    trace = (torch.from_numpy(np.asarray(x)) for x in (loss, open_, chosen, observed))
    record.add(LossTrace(*trace), samples)
    names = [f'class {c}' for c in range(truth.shape[1])]
    write_epoch(epoch_file(folder, epoch + 1), record.totals(), names)


def known_quality(labels: list[Seen]) -> dict[str, float]:
    """The numbers of an epoch's (or a class's) choices, with plain counts; NaN where none."""

    def share(part: list[Seen], whole: list[Seen]) -> float:
        return len(part) / len(whole) if whole else float('nan')

    unobserved = [s for s in labels if s.observed == -1]
    hidden = [s for s in unobserved if s.truth == 1]
    chosen = [s for s in labels if s.selected]
    acted = [s for s in labels if s.selected or s.kept]
    return {
        'precision': share([s for s in chosen if s.truth], chosen),
        'recall': share([s for s in chosen if s.truth], hidden),
        'precision_in_force': share([s for s in acted if s.truth], acted),
        'recall_in_force': share([s for s in acted if s.truth], hidden),
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
