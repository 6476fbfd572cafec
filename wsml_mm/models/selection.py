"""The selection routine: exactly n unobserved entries of the batch with the largest loss.

The loss of an unobserved entry under "assume negative" is softplus(logit), which increases with
the logit, so the largest losses are the largest logits, with fewer ties. Everything here stays on
the device: n is a 0-d tensor and never a shape, so that no step waits for the host and no epoch
recompiles a compiled model. On a CPU nothing has to wait, and a sample of the logits tells which
few need to be sorted at all.
"""

from __future__ import annotations

import math
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Scores = NDArray[np.floating[Any]]
_SAMPLE = 2**14  # logits, from which the host guesses a bound; a smaller batch is sorted whole


def selection_budget(base: int | Tensor, numerator: Tensor, denominator: int) -> Tensor:
    """Returns n = ceil(base * numerator / denominator) as a 0-d int64 tensor.

    Args:
        base: number of entries the rate is taken of.
        numerator: of the rate, 0-d int64.
        denominator: of the rate.
    """
    return torch.div(base * numerator + denominator - 1, denominator, rounding_mode='floor')


def select_largest(
    logits: Tensor, eligible: Tensor, count: Tensor, candidates: int | None = None
) -> Tensor:
    """Marks the `count` eligible entries with the largest logits.

    Equal logits are taken in the order of (row, class). `torch.topk` promises nothing about ties,
    so it only supplies the value of the last place; entries above it are all taken, entries equal
    to it are counted off in order. A logit that is not finite is never taken: the loss would hide
    that the model has diverged.

    Args:
        logits: (B, C), float32 or float64.
        eligible: (B, C) bool, the unobserved entries.
        count: 0-d int64 tensor; more than the eligible entries means all of them.
        candidates: a bound on `count` known before the step, at least 1 (a shape); None: B * C.

    Returns:
        (B, C) bool, true at min(count, finite eligible) entries.
    """
    if logits.numel() == 0:
        return torch.zeros_like(eligible)
    if logits.device.type == 'cpu' and not torch.compiler.is_compiling():
        return _select_on_host(logits, eligible, int(count))
    # Few operations, and none that torch itself makes of several, as isfinite: on a GPU the time of
    # a small batch is that of their starts.
    low = -torch.inf
    finite = torch.nan_to_num(logits.flatten(), nan=low, posinf=low, neginf=low)
    scores = torch.where(eligible.flatten(), finite, low)
    places = logits.numel() if candidates is None else min(candidates, logits.numel())
    best = torch.topk(scores, places).values
    last = best.gather(0, (count - 1).clamp(0, places - 1).reshape(1))
    above = scores > last
    level = (scores == last) & (last > low)
    order = level.cumsum(0, dtype=torch.int32)
    chosen = above | (level & (order <= count - above.sum()))
    return chosen.view(logits.shape)


def _select_on_host(logits: Tensor, eligible: Tensor, count: int) -> Tensor:
    """Does what `select_largest` does, where nothing has to wait for a value."""
    scores, allowed = logits.numpy().reshape(-1), eligible.numpy().reshape(-1)
    chosen = np.zeros(scores.shape, np.bool_)
    bound = _likely_bound(scores, allowed, count) if len(scores) > _SAMPLE else None
    if bound is not None:
        places = _largest(scores, np.flatnonzero((scores >= bound) & allowed), count)
    if bound is None or len(places) < count:
        places = _largest(scores, np.flatnonzero(allowed), count)
    chosen[places] = True
    return torch.from_numpy(chosen.reshape(logits.shape))


def _likely_bound(
    scores: Scores, allowed: NDArray[np.bool_], count: int
) -> np.floating[Any] | None:
    """Returns a score that `count` allowed ones reach, but for bad luck, and not many more."""
    step = len(scores) // _SAMPLE | 1  # odd: it shall visit every class
    seen = scores[::step][allowed[::step]]
    seen = np.sort(seen[np.isfinite(seen)])
    share = count / step
    place = math.ceil(share + 4 * math.sqrt(share) + 4)  # four standard deviations of the sample
    return cast('np.floating[Any]', seen[-place]) if place <= len(seen) else None


def _largest(scores: Scores, places: NDArray[np.intp], count: int) -> NDArray[np.intp]:
    """Returns those of ascending places where the `count` largest finite scores are."""
    found = scores[places]
    ordered = np.sort(found)
    if len(places) > count > 0 and ordered[-1] < np.inf and ordered[-count - 1] < ordered[-count]:
        reaching: NDArray[np.bool_] = found >= ordered[-count]
        return places[reaching]  # nothing ties for the last place
    finite = np.isfinite(found)
    places, found = places[finite], found[finite]
    if len(places) <= count or count <= 0:
        return places[: max(count, 0)]
    last = np.sort(found)[-count]
    above = places[found > last]
    return np.concatenate([above, places[found == last][: count - len(above)]])
