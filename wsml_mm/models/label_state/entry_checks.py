"""Checks of sparse label state: samples, keys, values and what a checkpoint holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

Keys = NDArray[np.int64]


def check_rows(rows: Tensor, num_samples: int) -> None:
    """Refuses samples outside the training set.

    Raises:
        IndexError: naming the first one.
    """
    if len(rows) and not 0 <= int(rows.min()) <= int(rows.max()) < num_samples:
        bad = int(rows.max()) if int(rows.max()) >= num_samples else int(rows.min())
        raise IndexError(
            f'sample_idx {bad} is outside 0..{num_samples - 1}: it must be the position '
            'in the whole training split; check num_samples and the dataset wrapper'
        )


def check_keys(keys: ArrayLike, values: ArrayLike | None, shape: tuple[int, int]) -> Keys:
    """Returns keys as int64.

    Args:
        keys: (K,) sample * C + class, at least one.
        values: (K,); None: there are none.
        shape: (N, C).

    Raises:
        IndexError: if a key is out of range.
        ValueError: if there are more or fewer values than keys, or one is not finite.
    """
    found = np.asarray(keys, np.int64)
    if int(found.min()) < 0 or int(found.max()) >= shape[0] * shape[1]:
        raise IndexError(
            f'keys {int(found.min())} to {int(found.max())} are outside {shape[0]} '
            f'samples x {shape[1]} classes; a key is sample * classes + class'
        )
    given = None if values is None else np.asarray(values)
    if given is not None and len(given) != len(found):
        raise ValueError(f'{len(found)} keys and {len(given)} values; give one for each')
    if given is not None and not np.isfinite(given).all():
        bad = given[~np.isfinite(given)][0]
        raise ValueError(f'{bad} is no value of a label: the model may have diverged')
    return found


def saved_columns(
    state: Mapping[str, Any], shape: tuple[int, int], constant: bool
) -> list[NDArray[Any]]:
    """Returns keys, epochs and, unless they are constant, values of saved state.

    Args:
        state: of `EntryStore.state_dict`.
        shape: (N, C) of the training set.
        constant: whether the column has one value for all.

    Raises:
        ValueError: if it belongs to another number of samples or classes, or is damaged.
    """
    for name, size in zip(('num_samples', 'num_classes'), shape, strict=True):
        if int(state[name]) != size:
            raise ValueError(
                f'the checkpoint holds label state for {name}={int(state[name])}, the '
                f'training set has {size}: resume with the same data, or start '
                'a new training with load_from, which does not load label state'
            )
    names = ['keys', 'epochs', *([] if constant else ['values'])]
    columns = [state[name].cpu().numpy() for name in names if name in state]
    if len(columns) < len(names) or not _is_whole(shape, *columns):
        raise ValueError(
            "the checkpoint's label state is damaged (keys not ascending within "
            f'{shape[0]} samples of {shape[1]} classes, or not an epoch and a '
            'finite value for each): resume from another checkpoint'
        )
    return columns


def _is_whole(
    shape: tuple[int, int], keys: Keys, epochs: Keys, values: NDArray[Any] | None = None
) -> bool:
    """Tells whether saved columns are what `state_dict` writes."""
    if keys.ndim != 1 or keys.dtype.kind != 'i' or epochs.shape != keys.shape:
        return False
    if values is not None and (values.shape != keys.shape or not np.isfinite(values).all()):
        return False
    inside = not len(keys) or 0 <= keys[0] <= keys[-1] < shape[0] * shape[1]
    return bool(inside and (keys[1:] > keys[:-1]).all() and (epochs >= 0).all())
