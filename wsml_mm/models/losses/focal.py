"""Focal weights and powers of probabilities, as pure functions of logits."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE


def power(logits: Tensor, exponent: float) -> Tensor:
    """Returns p^exponent, p = sigmoid(logit); of 1 - p with `-logits`.

    As exp(exponent * log p): the power of a p that is 0 in float32, below a logit of -87, has the
    gradient NaN for an exponent below 1.

    Args:
        logits: (B, C) float.
        exponent: at least 0.
    """
    return torch.exp(exponent * F.logsigmoid(logits))


def by_label(observed: Tensor, positive: Tensor, negative: Tensor, unobserved: Tensor) -> Tensor:
    """Returns for each entry its loss by what is observed of it.

    Args:
        observed: (B, C) of {1, 0, -1}.
        positive: (B, C) loss of observed positives,
        negative: of observed negatives,
        unobserved: of unobserved labels.
    """
    others = torch.where(observed == NEGATIVE, negative, unobserved)
    return torch.where(observed == POSITIVE, positive, others)
