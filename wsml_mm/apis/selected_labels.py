"""Which labels a training took for present, as its checkpoints remember."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.engine.hooks.state_checkpoint import STATE
from wsml_mm.models.label_state.entry_checks import saved_columns

# Columns of sparse state that hold labels taken for absent.
_ABSENT = {'soft_negatives'}


def selected_labels(
    saved: Sequence[Mapping[str, Any]], shape: tuple[int, int], fingerprint: str
) -> dict[str, NDArray[np.int64]] | None:
    """Returns the labels that a method took for present, from the state that it keeps of them.

    LL-Cp's corrections, Curriculum's choices, pseudo-labels and labels that were written back are
    kept; what LL-R and LL-Ct choose is chosen anew in each step, and not.

    Args:
        saved: what each checkpoint holds beside weights, the last of the training last.
        shape: (N, C) of the split.
        fingerprint: of the training set; state of another one does not count.

    Returns:
        'key' (row * C + class, ascending), 'epoch' (the first that is noted, from 1) and 'times'
        (in how many of the checkpoints); None: no checkpoint keeps any.

    Raises:
        ValueError: if the state is damaged.
    """
    parts = [list(_entries(each, shape, fingerprint)) for each in saved]
    if not any(parts):
        return None
    keys = [np.unique(np.concatenate([k for k, _ in part])) for part in parts if part]
    every = np.concatenate([k for part in parts for k, _ in part])
    epochs = np.concatenate([e for part in parts for _, e in part])
    order = np.lexsort((epochs, every))
    distinct, first = np.unique(every[order], return_index=True)
    times = np.zeros(len(distinct), np.int64)
    for each in keys:
        times[np.searchsorted(distinct, each)] += 1
    return {'key': distinct, 'epoch': epochs[order][first] + 1, 'times': times}


def _entries(
    saved: Mapping[str, Any], shape: tuple[int, int], fingerprint: str
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    state = saved.get(STATE)
    if not isinstance(state, Mapping) or state.get('fingerprint') != fingerprint:
        return
    for loss in state.get('losses') or []:
        for name, column in loss['columns'].items():
            if 'keys' in column and name not in _ABSENT:
                keys, epochs = saved_columns(column, shape, True)
                yield keys.astype(np.int64), epochs.astype(np.int64)
