"""Checkpoints of plain values, so that torch's safe loader (weights_only=True) can read them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

import numpy as np
import torch
from mmengine.hooks import Hook
from mmengine.logging import HistoryBuffer, print_log
from mmpretrain.registry import HOOKS

_BUFFER, _ARRAY = '__history_buffer__', '__ndarray__'
_KINDS: tuple[Any, ...] = (bool, int, float, complex, str, bytes)
_WEIGHTS = ('state_dict', 'ema_state_dict')  # tensors already, with metadata that must stay


def to_plain(value: Any, where: str = '') -> Any:
    """Returns `value` made of dicts, lists, tuples, tensors, numbers and strings only.

    History buffers and arrays are marked and come back by `from_plain`, sets and deques as lists;
    callables (OneCycleLR's annealing function) are left out, since their owner's constructor makes
    them anew.
    """
    if value is None or isinstance(value, torch.Tensor):
        return value
    if isinstance(value, np.generic):
        return value.item()
    for kind in _KINDS:
        if isinstance(value, kind):  # subclasses (an IntEnum) are classes to the safe loader
            return value if type(value) is kind else kind.__new__(kind, value)
    if isinstance(value, HistoryBuffer):
        history, count = value.data
        alike = count.dtype == np.int64 and (count == 1).all()
        counts = 1 if alike else to_plain(count)  # an array takes long to write
        buffer = {'log': to_plain(history), 'count': counts, 'max': value.max_length}
        return {_BUFFER: buffer}
    if isinstance(value, np.ndarray):
        if value.dtype.kind in 'biufc':
            # Not ascontiguousarray, which makes a vector of a 0-d array.
            native = np.array(value, dtype=value.dtype.newbyteorder('='), order='C')
            return {_ARRAY: torch.from_numpy(native)}
        return to_plain(value.tolist(), where)
    if isinstance(value, Mapping):
        plain = {to_plain(k): to_plain(v, f'{where}.{k}') for k, v in value.items()}
        return {k: v for k, v in plain.items() if v is not _DROPPED}
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, tuple):
        return tuple(v for v in (to_plain(v, where) for v in value) if v is not _DROPPED)
    if isinstance(value, (list, set, frozenset)) or type(value).__name__ == 'deque':
        return [v for v in (to_plain(v, where) for v in value) if v is not _DROPPED]
    if not callable(value):
        print_log(
            f'checkpoint{where}: {type(value).__name__} cannot be saved as a plain value and is '
            'left out',
            logger='current',
            level=30,
        )
    return _DROPPED


_DROPPED: Any = object()


def from_plain(value: Any) -> Any:
    """Returns what `to_plain` was given."""
    if isinstance(value, Mapping):
        if set(value) == {_BUFFER}:
            kept = value[_BUFFER]
            log, count = from_plain(kept['log']), from_plain(kept['count'])
            if isinstance(count, int):
                count = np.full(len(log), count)
            return HistoryBuffer(log, count, kept['max'])
        if set(value) == {_ARRAY}:
            return value[_ARRAY].cpu().numpy()
        return {k: from_plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(from_plain(v) for v in value)
    return value


@HOOKS.register_module()
class PlainCheckpointHook(Hook):  # type: ignore[misc]
    """Saves checkpoints that torch >= 2.6 loads safely, and restores them without loss.

    Stock mmengine 0.10.7 pickles its log history as objects; torch's default loader refuses
    those, so `--resume`, test and `load_from` fail on its own checkpoints.

    Config:
        default_hooks = dict(plain_checkpoint=dict(type='PlainCheckpointHook'))
    """

    priority = 'LOWEST'  # after every hook that adds to the checkpoint

    def before_save_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Replaces every entry but the weights by plain values; live objects are not changed."""
        for key in checkpoint.keys() - _WEIGHTS:
            checkpoint[key] = to_plain(checkpoint[key], f'.{key}')

    def after_load_checkpoint(self, runner: Any, checkpoint: dict[str, Any]) -> None:
        """Restores history buffers and arrays."""
        for key in checkpoint.keys() - _WEIGHTS:
            checkpoint[key] = from_plain(checkpoint[key])
