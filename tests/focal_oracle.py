"""Loss and gradient of published losses on one small batch, to six digits.

The values were made with the authors' code where it is public, else from the written formula, in
float64, summed or averaged as the paper does it.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from wsml_mm import TrainingFacts

LOGITS = [[2, -1, 0.5, -3], [-0.5, 1.5, -2, 0]]
SINGLE = [[1, -1, -1, -1], [-1, -1, 1, -1]]  # one positive an image, all else unobserved
PARTLY = [[1, -1, 0, -1], [-1, 0, 1, -1]]


def started(loss: Any, epoch: int = 0, epochs: int = 8) -> Any:
    """A loss that knows a training set of two images and four classes, and the epoch."""
    loss.start(TrainingFacts(2, 4, max_epochs=epochs, classes=list('abcd')))
    loss.set_epoch(epoch, epochs)
    return loss


def check(loss: Any, labels: Any, value: float, gradient: str, digits: float = 6e-7) -> None:
    """Compares a step of a started loss with a value and eight gradients."""
    x = torch.tensor(LOGITS, dtype=torch.float64, requires_grad=True)
    found = loss(x, torch.tensor(labels), sample_idx=torch.arange(2))
    found.backward()
    assert found.item() == pytest.approx(value, abs=digits)
    expected = np.array([float(g) for g in gradient.replace('/', ' ').split()]).reshape(2, 4)
    np.testing.assert_allclose(x.grad.numpy(), expected, rtol=0, atol=digits)


def gradient_at(loss: Any, logit: float, label: int) -> float:
    """The float32 gradient of one entry; it and its loss must be finite."""
    x = torch.full((1, 4), logit, requires_grad=True)
    target = torch.full((1, 4), label)
    value = loss(x, target, sample_idx=torch.zeros(1, dtype=torch.int64))
    value.backward()
    assert math.isfinite(value.item())
    assert x.grad.isfinite().all()
    return float(x.grad[0, 0])
