"""What happened during trainings, read back from their run folders as tidy arrays."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from wsml_mm.engine.hooks.epoch_file import FOLDER, epoch_files, read_epoch

Array = NDArray[np.float64]

_JUDGED = '_judged'
_OF_ACTIONS = ('_count', _JUDGED, '_right')


@dataclass(frozen=True)
class RunDynamics:
    """One training, epoch by epoch.

    Args:
        method: name for tables and figures.
        seed: of observed labels and training.
        classes: C names.
        sums: (E, C) float64 each. For each of its `actions` ACTION_count, ACTION_judged (of known
            truth) and ACTION_right; open_count, labels that are neither observed nor decided
            earlier, hidden_positive and hidden_negative of them; GROUP_count and GROUP_loss.
    """

    method: str
    seed: int
    classes: tuple[str, ...]
    sums: dict[str, Array]

    @property
    def actions(self) -> list[str]:
        """What the method did to labels in any epoch, e.g. 'ignored' or 'kept_positive'."""
        return [name for name in _actions(self.sums) if self.sums[f'{name}_count'].any()]

    def totals(self) -> dict[str, Array]:
        """Returns the sums over classes, (E,) each."""
        return {key: value.sum(axis=1) for key, value in self.sums.items()}


def ratio(part: ArrayLike, whole: ArrayLike) -> Array:
    """Returns part / whole, NaN where the whole is nothing."""
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    quotient = np.full(whole.shape, np.nan)
    np.divide(part, whole, out=quotient, where=whole != 0)
    return quotient


def over_runs(values: Array) -> tuple[Array, Array]:
    """Returns mean and standard deviation over the first axis, of those that are not NaN.

    The deviation is NaN where there is one value only, the mean where there is none.
    """
    known = ~np.isnan(values)
    count = known.sum(axis=0)
    mean = ratio(np.where(known, values, 0).sum(axis=0), count)
    squares = np.where(known, (values - mean) ** 2, 0).sum(axis=0)
    return mean, np.sqrt(ratio(squares, np.where(count > 1, count - 1, 0)))


def mean_loss(sums: Mapping[str, Array], group: str) -> Array:
    """Returns a group's mean "assume negative" loss, NaN where it has no entry.

    Args:
        sums: of one shape, e.g. those of `RunDynamics` or its totals.
        group: of `selection_record.GROUPS`.
    """
    return ratio(sums[f'{group}_loss'], sums[f'{group}_count'])


def read_run(folder: str | os.PathLike[str], method: str, seed: int, loss: int = 0) -> RunDynamics:
    """Reads the epoch files in a run's folder.

    Args:
        folder: of the run (work_dir).
        method: its name.
        seed: its seed.
        loss: number of the loss within the model.

    Raises:
        FileNotFoundError: if there are none, or not all of them.
        ValueError: if a file is damaged, of an earlier version or of another class list.
    """
    files = epoch_files(folder, loss)
    if not files:
        raise FileNotFoundError(
            f'{Path(folder) / FOLDER}: holds no epoch, the run was made by an earlier version or '
            f'without diagnosis=True; delete {folder} and run again, with diagnosis=True'
        )
    missing = sorted(set(range(1, max(files) + 1)) - files.keys())
    if missing:
        raise FileNotFoundError(
            f'{Path(folder) / FOLDER}: lacks the epochs {missing}; delete {folder} and run again'
        )
    epochs = [_read_actions(path, folder) for path in files.values()]
    classes = epochs[0].pop('classes').tolist()
    actions = {name for epoch in epochs for name in _actions(epoch)}
    keys = _other_keys(epochs[0])
    for path, epoch in zip([*files.values()][1:], epochs[1:], strict=True):
        if epoch.pop('classes').tolist() != classes or _other_keys(epoch) != keys:
            raise ValueError(
                f'{path}: has other classes or numbers than epoch 1; delete {folder} and run again'
            )
    none = np.zeros(len(classes))  # an action that first happens in a later epoch
    keys += [f'{name}{suffix}' for name in sorted(actions) for suffix in _OF_ACTIONS]
    sums = {key: np.stack([e.get(key, none) for e in epochs]).astype(np.float64) for key in keys}
    return RunDynamics(method, seed, tuple(classes), sums)


def _read_actions(path: Path, folder: str | os.PathLike[str]) -> dict[str, NDArray[Any]]:
    epoch = read_epoch(path)
    if 'selected' in epoch:
        raise ValueError(
            f'{path}: was written by an earlier version, which counted what was selected and not '
            f'the actions; delete {folder} and run again'
        )
    return epoch


def _actions(epoch: Mapping[str, Any]) -> list[str]:
    return [key.removesuffix(_JUDGED) for key in epoch if key.endswith(_JUDGED)]


def _other_keys(epoch: Mapping[str, Any]) -> list[str]:
    own = {f'{name}{suffix}' for name in _actions(epoch) for suffix in _OF_ACTIONS}
    return [key for key in epoch if key not in own and key != 'classes']


def by_method(runs: Sequence[RunDynamics]) -> dict[str, list[RunDynamics]]:
    """Returns the runs of each method, in the order in which the methods appear."""
    return {m: [r for r in runs if r.method == m] for m in dict.fromkeys(r.method for r in runs)}


def curves(runs: Sequence[RunDynamics], value: Callable[[RunDynamics], Array]) -> list[Array]:
    """Returns a value's (E,) curve of each run, cut to the epochs that all have."""
    found = [value(run) for run in runs]
    length = min(map(len, found))
    return [curve[:length] for curve in found]


def cells(values: Mapping[str, Any], at: tuple[int, ...]) -> dict[str, float | str]:
    """Returns one place of several arrays as cells of a table; NaN becomes an empty one."""
    return {k: '' if np.isnan(v[at]) else float(v[at]) for k, v in values.items()}
