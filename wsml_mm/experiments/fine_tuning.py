"""Category-wise fine-tuning: the last layer's rows, each by itself, after a training has ended."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.evaluation.average_precision import average_precision
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED


@dataclass(frozen=True)
class FineTuned:
    """What came of it.

    Args:
        weight: (C, D).
        bias: (C,).
        epochs: (C,) int64, the epoch whose row a class keeps; 0: the trained row was best; -1: the
            class was left out, since it lacks positives or negatives.
        before: (C,) average precision on the validation part with the trained row, NaN: left out.
        after: (C,) with the row that is kept.
    """

    weight: Tensor
    bias: Tensor
    epochs: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]


def fine_tune_classes(
    weight: Tensor,
    bias: Tensor,
    train: tuple[Tensor, Tensor],
    val: tuple[Tensor, Tensor],
    epochs: int = 10,
    lr: float = 1e-3,
    batch_size: int = 128,
    seed: int = 0,
) -> FineTuned:
    """Fits each class's row of the last layer on stored features, with known labels only.

    Category-wise fine-tuning (CFT), https://github.com/maxium0526/category-wise-fine-tuning, in its
    form by gradients: binary cross entropy of the class alone from the trained row on, of whose
    epochs the one of best average precision on the validation part is kept. The rows share batches
    and an Adam, which treats each number by itself, so that no class touches another; a batch
    without a known label of a class leaves only Adam's momentum. Our reading: optimiser, rate and
    length, which the sources leave to the user.

    Args:
        weight: (C, D) of the trained layer.
        bias: (C,).
        train: (N, D) features and (N, C) labels of {1, 0, -1}.
        val: the same of the validation part.
        epochs: at most.
        lr: of Adam.
        batch_size: images of a step.
        seed: of the order of images.

    Raises:
        ValueError: if shapes do not fit, or no class has known positives and negatives in both
            parts, as with single positive labels.
    """
    for name, (features, labels) in (('train', train), ('val', val)):
        due = (len(features), len(weight))
        if features.ndim != 2 or features.shape[1] != weight.shape[1] or labels.shape != due:
            raise ValueError(
                f'{name}: features {tuple(features.shape)} and labels {tuple(labels.shape)} do not '
                f'fit a layer {tuple(weight.shape)}; give (N, D) and (N, C) of the same classes'
            )
    tuned = _has_both(train[1]) & _has_both(val[1])
    if not tuned.any():
        raise ValueError(
            'fine-tuning class by class needs observed negatives beside positives, in training and '
            'validation; no class has both (single positive labels never do): observe negatives '
            'too, or leave it out'
        )
    row = weight.detach().clone().requires_grad_()
    offset = bias.detach().clone().requires_grad_()
    best = (weight.detach().clone(), bias.detach().clone())
    before = _scores(best, val, tuned)
    after, kept = before.copy(), np.where(tuned.numpy(), 0, -1)
    optimiser = torch.optim.Adam([row, offset], lr=lr)
    order = torch.Generator().manual_seed(seed)
    for epoch in range(1, epochs + 1):
        for batch in torch.split(torch.randperm(len(train[0]), generator=order), batch_size):
            optimiser.zero_grad()
            loss = _loss(train[0][batch], train[1][batch], row, offset)
            row.grad, offset.grad = torch.autograd.grad(loss, (row, offset))
            optimiser.step()
        now = (row.detach(), offset.detach())
        found = _scores(now, val, tuned)
        better = np.greater(found, after, where=tuned.numpy(), out=np.zeros(len(found), bool))
        chosen = torch.from_numpy(better)
        for mine, other in zip(best, now, strict=True):
            mine[chosen] = other[chosen]
        after[better], kept[better] = found[better], epoch
    return FineTuned(*best, kept.astype(np.int64), before, after)


def _has_both(labels: Tensor) -> Tensor:
    return (labels == POSITIVE).any(0) & (labels == NEGATIVE).any(0)


def _loss(features: Tensor, labels: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Returns the sum over classes of each class's mean over its known labels."""
    known = (labels != UNOBSERVED).to(features.dtype)
    target = (labels == POSITIVE).to(features.dtype)
    entries = F.binary_cross_entropy_with_logits(
        F.linear(features, weight, bias), target, known, reduction='none'
    )
    return (entries.sum(0) / known.sum(0).clamp(min=1)).sum()


def _scores(
    layer: tuple[Tensor, Tensor], val: tuple[Tensor, Tensor], tuned: Tensor
) -> NDArray[np.float64]:
    """Returns each class's average precision over its known labels, NaN where it is left out."""
    logits, labels = F.linear(val[0], *layer).double().numpy(), val[1].numpy()
    found = np.full(len(tuned), np.nan)
    for label in np.flatnonzero(tuned.numpy()):
        known = labels[:, label] != UNOBSERVED
        found[label] = average_precision(logits[known, label], labels[known, label] == POSITIVE)
    return found
