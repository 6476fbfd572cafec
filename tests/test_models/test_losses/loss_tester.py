"""What the one suite for every loss is made of; `test_contract.py` is the suite."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from wsml_mm import PartialLabelLoss, TrainingFacts
from wsml_mm.labels import SparseLabels

SAMPLES, CLASSES = 24, 6


@dataclass(frozen=True)
class LossCase:
    """A loss and what it must compute.

    Args:
        name: of the row.
        build: returns a new loss.
        oracle: (logits, observed, epoch) -> loss of the batch, in numpy, for a loss whose state is
            still empty.
        all_known: the same as binary cross entropy where every label is observed.
        max_epochs: of its training.
        exact: how far several ranks may be from one process.
        whole_gradient: whether no part of the value is without gradient by design.
        any_order: whether rows and classes may be given in another order; then it has a formula.
    """

    name: str
    build: Callable[[], PartialLabelLoss]
    oracle: Callable[[np.ndarray, np.ndarray, int], float]
    all_known: bool = True
    max_epochs: int = 8
    exact: float = 1e-9
    whole_gradient: bool = True
    any_order: bool = True


class SeesViews:
    """Put before a loss that compares views: it is given some that follow from the logits.

    Their factors are powers of two, so that half types are as exact as float32.
    """

    @staticmethod
    def strong(logits: Any) -> Any:
        return 0.5 * logits

    @staticmethod
    def masked(logits: Any) -> Any:
        return -0.25 * logits

    def forward(self, cls_score: Tensor, target: Tensor, **kwargs: Any) -> Tensor:
        views = {'strong': self.strong(cls_score), 'masked': self.masked(cls_score.detach())}
        return super().forward(cls_score, target, views=views, **kwargs)


def labels_of(seed: int = 0, known: bool = False) -> np.ndarray:
    """(N, C) observed labels of a training set."""
    shares = [0.4, 0.6, 0.0] if known else [0.15, 0.25, 0.6]
    return np.random.default_rng(seed).choice([1, 0, -1], (SAMPLES, CLASSES), p=shares)


def make_batch(
    seed: int, rows: int = 5, dtype: torch.dtype = torch.float64, known: bool = False
) -> tuple[Tensor, Tensor, Tensor]:
    """Returns logits, observed labels and sample indices of a batch without repeats."""
    random = np.random.default_rng(seed)
    index = random.permutation(SAMPLES)[:rows]
    logits = torch.from_numpy(random.normal(0, 2, (rows, CLASSES))).to(dtype)
    return logits, torch.from_numpy(labels_of(known=known)[index]), torch.from_numpy(index)


def started(case: LossCase, known: bool = False, even: bool = False) -> PartialLabelLoss:
    """Returns a new loss of a case that knows its training set."""
    loss = case.build()
    sparse = SparseLabels.from_dense(labels_of(known=known).astype(np.int8))
    names = [f'class {i}' for i in range(CLASSES)]
    loss.start(
        TrainingFacts(
            SAMPLES, CLASSES, labels=[sparse], classes=names, fingerprint='x',
            max_epochs=case.max_epochs, even_batches=even,
        )
    )  # fmt: skip
    return loss


def scores_of_training_set(loss: PartialLabelLoss, epoch: int) -> Callable[[], Any]:
    """A `predict` for `end_epoch` that does not depend on a model."""

    def predict():
        rank, world = 0, 1
        if torch.distributed.is_initialized():
            rank, world = torch.distributed.get_rank(), torch.distributed.get_world_size()
        scores = np.random.default_rng(100 + epoch).random((SAMPLES, CLASSES))
        for index in np.array_split(np.arange(SAMPLES)[rank::world], 3):
            yield torch.from_numpy(index), torch.from_numpy(scores[index])

    return predict


def train_epochs(
    loss: Any, case: LossCase, epochs: Any, model: Any = None, dtype: torch.dtype = torch.float64,
    device: str = 'cpu',
) -> tuple[list[float], torch.nn.Module]:  # fmt: skip
    """Trains a linear model on the same batches whoever asks; returns losses and the model."""
    torch.manual_seed(0)
    model = model or torch.nn.Linear(3, CLASSES, dtype=dtype).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.3)
    images = torch.randn(SAMPLES, 3, generator=torch.Generator().manual_seed(1), dtype=dtype)
    values = []
    for epoch in epochs:
        loss.set_epoch(epoch, case.max_epochs)
        for step in range(3):
            _, observed, index = make_batch(10 * epoch + step, rows=7)
            logits = model(images[index].to(device))
            value = loss(logits, observed.to(device), sample_idx=index)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            loss.after_step(0.3)
            values.append(value.item())
        loss.end_epoch(scores_of_training_set(loss, epoch))
    return values, model


def bce(x: np.ndarray, positive: np.ndarray) -> np.ndarray:
    """Binary cross entropy of each entry, written out."""
    return np.maximum(x, 0) - x * positive + np.log1p(np.exp(-np.abs(x)))


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def nl(p: np.ndarray, eps: float = 1e-5) -> np.ndarray:
    return -np.log(p + eps)


def largest(x: np.ndarray, open_: np.ndarray, count: int) -> np.ndarray:
    """The mask of the `count` open entries with the largest logits."""
    places = sorted(map(tuple, np.argwhere(open_)), key=lambda p: -x[p])[:count]
    mask = np.zeros(x.shape, bool)
    for place in places:
        mask[place] = True
    return mask
