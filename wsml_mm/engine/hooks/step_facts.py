"""What a hook reads of one training step."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from mmengine.optim import OptimWrapperDict

from wsml_mm.datasets.feature_loader import FeatureBatch


def is_finite(value: Any) -> bool:
    """Tells whether a logged number is neither NaN nor infinite."""
    # float() of a tensor with a graph makes torch warn, and a detached one is one tensor more.
    return math.isfinite(value.item() if isinstance(value, torch.Tensor) else float(value))


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


class StepSamples:
    """What a step's data samples carry; of stored features it is read without making them.

    Args:
        data_batch: of any loader.
    """

    def __init__(self, data_batch: Any) -> None:
        self._batch, self._rows = data_batch, FeatureBatch.closed(data_batch)

    def samples(self) -> list[Any]:
        """Returns the data samples."""
        return (self._batch or {}).get('data_samples') or []

    def numbers(self, name: str) -> torch.Tensor | None:
        """Returns `sample_idx` or `group` of each, (B,) int64; None: not all have it."""
        if self._rows is None:
            return packed(self.samples(), name)
        found: torch.Tensor | None = getattr(self._rows, name)
        return found

    def carried(self, known: Callable[[list[Any]], list[Any]]) -> Sequence[Any] | torch.Tensor:
        """Returns the samples with the full labels of a diagnosis, or these alone, (B, C).

        Args:
            known: returns those of the samples that are the rows of a loss.
        """
        if self._rows is None:
            return known(self.samples())
        return [] if self._rows.full is None else self._rows.full


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
        if group.get('max_lr'):  # OneCycleLR has one peak for all, and starts far below it
            return float(group['lr'])
        if first := group.get('initial_lr', group['lr']):  # 0: frozen by a factor of 0
            return float(optimizer.defaults['lr'] * group['lr'] / first)
    return 0.0
