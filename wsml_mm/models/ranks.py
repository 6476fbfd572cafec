"""The global batch of several ranks: its size, its selection, its mean.

MMEngine's samplers deal samples round robin, so row j of rank r of W is row j * W + r of the batch
that one process would have seen; ties are broken by that row, not by (rank, row).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor

from .selection import select_largest

_LAST_KEY = 2**62  # behind every real key; a power of two survives `pad`, which takes floats


def world_size() -> int:
    """Returns the number of ranks, 1 without distributed training."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def batch_sizes(rows: int, device: torch.device, even: bool = False) -> list[int]:
    """Returns every rank's number of rows.

    Args:
        rows: of this rank.
        device: to communicate on.
        even: the caller knows that all ranks have as many rows: nothing is exchanged, and on a GPU
            nothing waits.
    """
    if even:
        return [rows] * world_size()
    return [int(size) for size in gather(torch.tensor(rows, device=device)).tolist()]


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


def mean_over_ranks(entry_loss: Tensor, sizes: list[int] | None) -> Tensor:
    """Returns the mean of the global batch, with the gradient of this rank's share of it.

    Args:
        entry_loss: (B_r, C) of this rank.
        sizes: every rank's rows; None: this process alone.
    """
    if sizes is None:
        # An empty batch must still be differentiable: its sum is a zero with a graph.
        return entry_loss.mean() if entry_loss.numel() else entry_loss.sum()
    entries = max(sum(sizes) * entry_loss.shape[1], 1)
    own = entry_loss.sum()
    # DDP divides the summed gradients by the number of ranks.
    share = own * (len(sizes) / entries)
    return share + (total(own.detach()) / entries - share).detach()


def union(keys: NDArray[np.int64]) -> NDArray[np.int64]:
    """Returns the sorted distinct keys of all ranks."""
    if world_size() == 1:
        return keys
    parts: list[Any] = [None] * world_size()
    dist.all_gather_object(parts, keys)
    return np.unique(np.concatenate(parts))


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
