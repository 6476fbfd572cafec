"""The global batch of several ranks: its size, its sums and means, its selection.

MMEngine's samplers deal samples round robin, so row j of rank r of W is row j * W + r of the batch
that one process would have seen; ties are broken by that row, not by (rank, row).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.distributed as dist
from mmengine.dist import all_reduce
from torch import Tensor

from .selection import select_largest

_MANY = 2**16  # entries, from which the gradient of a mean takes longer than one step more
_LAST_KEY = 2**62  # behind every real key; a power of two survives `pad`, which takes floats


@dataclass(frozen=True)
class Ranks:
    """What a loss may ask of the batch of all ranks together, as if one process saw it.

    Values are those of the global batch on every rank. Gradients are this rank's share times the
    number of ranks, so that the mean over ranks that DistributedDataParallel takes is the gradient
    of one process, uneven batches included.

    Args:
        sizes: every rank's number of rows; None: this process alone.
    """

    sizes: list[int] | None = None

    @classmethod
    def of_batch(cls, rows: int, device: torch.device, even: bool = False) -> Ranks:
        """Returns the ranks of a step; on several it exchanges their sizes.

        Args:
            rows: of this rank's batch.
            device: to communicate on.
            even: the caller knows that all ranks have as many rows: nothing is exchanged, and on a
                GPU nothing waits.
        """
        if world_size() == 1:
            return cls()
        if even:
            return cls([rows] * world_size())
        return cls([int(n) for n in gather(torch.tensor(rows, device=device)).tolist()])

    def rows(self, own: int) -> int:
        """Returns the rows of the global batch, `own` being this rank's."""
        return own if self.sizes is None else sum(self.sizes)

    def total(self, values: Tensor) -> Tensor:
        """Returns the sum of `values`, of any shape, over the global batch, a 0-d tensor."""
        return self._share(values.sum(), 1)

    def column_totals(self, values: Tensor) -> Tensor:
        """Returns the sum of each column of (B, C) `values` over the global batch, (C,)."""
        return self._share(values.sum(0), 1)

    def mean(self, values: Tensor) -> Tensor:
        """Returns the mean over the global batch, a 0-d tensor; 0 for an empty batch.

        Args:
            values: (B,) or (B, C), one row an image of this rank.
        """
        if self.sizes is None:
            # An empty batch must still be differentiable: its sum is a zero with a graph.
            # On a CPU a sum, divided, has the bits of a mean; its gradient is never written out.
            divided = values.numel() > _MANY and values.device.type == 'cpu'
            if divided and not torch.compiler.is_compiling():
                return values.sum() / values.numel()
            return values.mean() if values.numel() else values.sum()
        return self._share(values.sum(), max(sum(self.sizes) * math.prod(values.shape[1:]), 1))

    def _share(self, own: Tensor, divisor: int) -> Tensor:
        if self.sizes is None:
            return own / divisor if divisor != 1 else own
        share = own * (len(self.sizes) / divisor)
        return share + (total(own.detach()) / divisor - share).detach()

    def select_largest(
        self, logits: Tensor, eligible: Tensor, count: Tensor, candidates: int
    ) -> Tensor:
        """Marks this rank's share of the `count` eligible entries with the largest logits.

        Args:
            logits: (B, C).
            eligible: (B, C) bool.
            count: 0-d int64, the same on all ranks.
            candidates: a bound on `count` known before the step, the same on all ranks.

        Returns:
            (B, C) bool.
        """
        if self.sizes is None:
            return select_largest(logits, eligible, count, candidates)
        return select_over_ranks(logits, eligible, count, candidates, max(self.sizes))


def world_size() -> int:
    """Returns the number of ranks, 1 without distributed training."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def gather(part: Tensor) -> Tensor:
    """Returns the ranks' tensors, all of one shape, stacked: (W, ...)."""
    parts = [torch.empty_like(part) for _ in range(world_size())]
    dist.all_gather(parts, part.contiguous())
    return torch.stack(parts)


def total(part: Tensor) -> Tensor:
    """Returns the sum over ranks."""
    summed = part.clone()
    if world_size() > 1:
        dist.all_reduce(summed)
    return summed


def total_count(count: int) -> int:
    """Returns the sum over ranks of a number of the host, whatever device their backend takes."""
    summed = torch.tensor(count)
    all_reduce(summed)
    return int(summed)


def gather_objects(part: Any) -> list[Any]:
    """Returns the ranks' values of any kind, in the order of the ranks."""
    if world_size() == 1:
        return [part]
    parts: list[Any] = [None] * world_size()
    dist.all_gather_object(parts, part)
    return parts


def select_over_ranks(
    logits: Tensor, eligible: Tensor, count: Tensor, candidates: int, longest: int
) -> Tensor:
    """Marks this rank's share of the `count` eligible entries with the largest logits of all ranks.

    Only each rank's best `candidates` travel, as (logit, key) pairs; all ranks sort the union
    alike and keep what lies before the last place. The result is that of `select_largest` on the
    batch of a single process.

    Args:
        logits: (B_r, C) of this rank, float32 or float64, the same type on all ranks.
        eligible: (B_r, C) bool.
        count: 0-d int64, the same on all ranks.
        candidates: a bound on `count` known before the step, the same on all ranks.
        longest: rows of the rank with most rows.

    Returns:
        (B_r, C) bool.
    """
    ranks, classes = world_size(), logits.shape[1]
    eligible = eligible & torch.isfinite(logits)
    rows = torch.arange(len(logits), device=logits.device)[:, None] * ranks + dist.get_rank()
    keys = rows * classes + torch.arange(classes, device=logits.device)
    best = select_largest(logits, eligible, count, candidates)
    places = max(min(candidates, longest * classes), 1)
    values, chosen = _pack(logits.masked_fill(~best, -torch.inf).flatten(), keys.flatten(), places)
    value, key = _place(gather(values).flatten(), gather(chosen).flatten(), count - 1)
    first = (logits > value) | ((logits == value) & (keys <= key))
    return eligible & first & (count > 0)


def _pack(scores: Tensor, keys: Tensor, places: int) -> tuple[Tensor, Tensor]:
    """Returns the `places` best (score, key) pairs, padded with (-inf, the last key)."""
    here = min(places, len(scores))
    values, where = torch.topk(scores, here)
    chosen = torch.where(values > -torch.inf, keys[where], _LAST_KEY)
    padding = (0, places - here)
    return (
        torch.nn.functional.pad(values, padding, value=-torch.inf),
        torch.nn.functional.pad(chosen, padding, value=_LAST_KEY),
    )


def _place(values: Tensor, keys: Tensor, place: Tensor) -> tuple[Tensor, Tensor]:
    """Returns the (value, key) at a place of the order (value descending, key ascending)."""
    by_key = keys.argsort()
    ordered, by_value = values[by_key].sort(descending=True, stable=True)
    at = place.clamp(0, len(values) - 1).reshape(1)
    return ordered.gather(0, at), keys[by_key][by_value].gather(0, at)
