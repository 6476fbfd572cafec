"""What a hook reads of one training step."""

from __future__ import annotations

import math
from typing import Any

import torch
from mmengine.optim import OptimWrapperDict


def is_finite(value: Any) -> bool:
    """Tells whether a logged number is neither NaN nor infinite."""
    # float() of a tensor with a graph makes torch warn.
    return math.isfinite(float(value.detach() if isinstance(value, torch.Tensor) else value))


def packed(samples: list[Any], name: str) -> torch.Tensor | None:
    """Returns a number that every sample of a batch carries, (B,) int64; None: some do not."""
    found = []
    for sample in samples:
        # Not from `sample.metainfo`, a copy of all that it carries.
        carried = hasattr(sample, 'metainfo_keys') and name in sample.metainfo_keys()
        value = getattr(sample, name) if carried else None
        if value is None:
            return None
        found.append(int(value))
    return torch.tensor(found) if found else None


def has_stepped(optim_wrapper: Any) -> bool:
    """Tells whether the optimiser has stepped with this iteration (gradient accumulation)."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        return any(has_stepped(part) for part in optim_wrapper.values())
    return bool(optim_wrapper.should_update()) if hasattr(optim_wrapper, 'should_update') else True


def base_rate(optim_wrapper: Any) -> float:
    """Returns the optimiser's base learning rate now, without factors of single parameters."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        optim_wrapper = next(iter(optim_wrapper.values()))
    optimizer = getattr(optim_wrapper, 'optimizer', optim_wrapper)
    for group in optimizer.param_groups:
        if first := group.get('initial_lr', group['lr']):  # 0: frozen by a factor of 0
            return float(optimizer.defaults['lr'] * group['lr'] / first)
    return 0.0
