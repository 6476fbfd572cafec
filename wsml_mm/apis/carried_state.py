"""What a training has learnt of labels, for the start of one on corrected labels."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from wsml_mm.engine.hooks.state_checkpoint import STATE
from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.files import write_durably
from wsml_mm.labels.sparse import SparseLabels
from wsml_mm.models.checkpoint_file import sealed
from wsml_mm.models.label_state.entry_checks import saved_columns

FORMAT = 2


def carried(
    saved: Mapping[str, Any],
    names: tuple[Sequence[str], Sequence[str]],
    labels: SparseLabels,
    fingerprint: str,
) -> tuple[dict[str, Any], int]:
    """Returns label state for another training set, and how many of its entries were dropped.

    Entries (corrections, pseudo-labels) go by image name; those of images that are gone, and of
    labels that are observed by now, are dropped.

    Args:
        saved: what a checkpoint holds under `STATE`.
        names: of the images then and now, each name once.
        labels: (N, C) observed now.
        fingerprint: of the training set now.

    Raises:
        ValueError: if it is damaged, or holds dense state and the images are others.
    """
    losses = saved.get('losses')
    if losses is None:  # of the first format
        losses = [{'columns': {'corrections': state}} for state in saved['corrections']]
    dropped, found = 0, []
    for loss in losses:
        columns = {}
        for name, column in loss['columns'].items():
            if 'keys' in column:
                columns[name] = _moved(column, names, labels)
                dropped += len(column['keys']) - len(columns[name]['keys'])
            elif list(names[0]) != list(names[1]):
                raise ValueError(
                    f'label state {name!r} has a value for every label and cannot be carried over '
                    'to other images; start without --state-from'
                )
            else:
                columns[name] = column
        found.append({'columns': columns})
    return {'format': FORMAT, 'fingerprint': fingerprint, 'losses': found}, dropped


def _moved(
    column: Mapping[str, Any], names: tuple[Sequence[str], Sequence[str]], labels: SparseLabels
) -> dict[str, Any]:
    size = labels.num_classes
    parts = saved_columns(column, (len(names[0]), size), 'values' not in column)
    now = {name: row for row, name in enumerate(names[1])}
    places = np.array([now.get(name, -1) for name in names[0]], np.int64)
    row, label = places[parts[0] // size], parts[0] % size
    stays = row >= 0
    stays[stays] = labels.values_at(row[stays], label[stays]) == UNOBSERVED
    keys: NDArray[np.int64] = row[stays] * size + label[stays]
    order = np.argsort(keys)
    found: dict[str, Any] = {'num_samples': len(names[1]), 'num_classes': size}
    found['keys'] = torch.from_numpy(keys[order])
    for name, part in zip(('epochs', 'values'), parts[1:], strict=False):
        found[name] = torch.from_numpy(part[stays][order])
    return found


def write_state(path: Path, state: Mapping[str, Any]) -> None:
    """Writes label state as a checkpoint for `PartialLabelHook(state_from=...)`."""
    content = io.BytesIO()
    torch.save({STATE: dict(state)}, content)
    write_durably(path, sealed(content.getvalue()), 'free some space, or give another --out')
