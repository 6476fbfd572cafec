"""GR: one robust loss between assume negative and learning from the model's own scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from .contract import LabelBatch, LossParts, Progress
from .entrywise import log_loss
from .focal import by_label, power
from .guarded import GuardedLoss

_LEAST = 1e-6  # of what is divided by


class RobustLoss(NamedTuple):
    """The loss of unobserved labels of GR, and its schedule; pairs are of the start and the end.

    v * (k * (1 - p^q2) / q2 + (1 - k) * (1 - (1 - p)^q3) / q3), k = sigmoid(w * p + b) and
    v = exp(-(p - mu)^2 / (2 sigma^2)) without gradient.

    Args:
        w, b: of k, the chance that the label is positive.
        mu, sigma: of v, the weight.
        q2, q3: exponents.
    """

    w: tuple[float, float]
    b: tuple[float, float]
    mu: tuple[float, float]
    sigma: tuple[float, float]
    q2: float
    q3: float

    def weight(self, logits: Tensor, progress: Progress) -> Tensor:
        """Returns v of each entry, (B, C), without gradient."""
        p, share = logits.detach().sigmoid(), (progress.epoch + 1) / self._length(logits, progress)
        distance = (p - _between(self.mu, share)) / _between(self.sigma, share)
        return torch.exp(-distance.square() / 2)

    def entries(self, logits: Tensor, progress: Progress) -> Tensor:
        """Returns the (B, C) loss of each entry without the weight v."""
        p, share = logits.detach().sigmoid(), progress.epoch / self._length(logits, progress)
        k = torch.sigmoid(_between(self.w, share) * p + _between(self.b, share))
        positive = (1 - power(logits, self.q2)) / self.q2
        negative = (1 - power(-logits, self.q3)) / self.q3
        return k * positive + (1 - k) * negative

    @staticmethod
    def _length(logits: Tensor, progress: Progress) -> Tensor:
        return progress.max_epochs.to(logits.dtype)

    @classmethod
    def checked(cls, q2: float, q3: float, **pairs: Sequence[float]) -> RobustLoss:
        """Returns the loss of checked settings.

        Raises:
            ValueError: if one is out of range.
        """
        for name, value in dict(q2=q2, q3=q3).items():
            check_number(name, value, 'a number above 0', _LEAST)
        ends: dict[str, tuple[float, float]] = {}
        for name, pair in pairs.items():
            if not isinstance(pair, (tuple, list)) or len(pair) != 2:
                raise ValueError(f'{name}={pair!r}: give a pair, of the first and the last epoch')
            for number in pair:
                if name == 'sigma':
                    check_number(name, number, 'a number above 0', _LEAST)
                else:
                    check_number(name, number, 'a number')
            ends[name] = pair[0], pair[1]
        return cls(ends['w'], ends['b'], ends['mu'], ends['sigma'], q2, q3)


def _between(pair: tuple[float, float], share: Tensor) -> Tensor:
    return pair[0] + (pair[1] - pair[0]) * share


@MODELS.register_module()
class GRLoss(GuardedLoss):
    """Generalised robust loss: unobserved labels lean to positive as the score does, softly.

    -log p for observed positives. For unobserved labels v * (k * (1 - p^q2) / q2 + (1 - k) *
    (1 - (1 - p)^q3) / q3) with k = sigmoid(w * p + b) and v = exp(-(p - mu)^2 / (2 sigma^2)), both
    without gradient. With T epochs, t from 1: w and b go from the first value of their pair by
    (t - 1) / T towards the second, which they never reach; mu and sigma by t / T. Observed
    negatives, which the paper does not know, have -log(1 - p) with weight 1. The learnt k of the
    code, off by default there, is left out. Source: Chen et al., IJCAI 2024,
    https://arxiv.org/abs/2405.03501, as in their code; the defaults are those of VOC.

    Args:
        w: of k at the start and the end; COCO, NUS-WIDE and CUB have (0, 10).
        b: of k at the start and the end; COCO, NUS-WIDE and CUB have (-2, -8).
        mu: of v at the start and the end.
        sigma: of v at the start and the end.
        q2: exponent of the positive side; the nearer to 0, the more it is -log p.
        q3: exponent of the negative side, where 1 is 1 - p; CUB has 1.5.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-7 in the code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='GRLoss')))
    """

    needs_progress = True

    def __init__(
        self,
        w: Sequence[float] = (0.0, 2.0),
        b: Sequence[float] = (-2.0, -2.0),
        mu: Sequence[float] = (0.5, 0.8),
        sigma: Sequence[float] = (2.0, 0.5),
        q2: float = 0.01,
        q3: float = 1.0,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        self.robust = RobustLoss.checked(w=w, b=b, mu=mu, sigma=sigma, q2=q2, q3=q3)

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of each entry."""
        x, progress = batch.logits, batch.progress
        soft = self.robust.weight(x, progress) * self.robust.entries(x, progress)
        positive, negative = log_loss(x, self.log_eps), log_loss(-x, self.log_eps)
        return LossParts(by_label(batch.observed, positive, negative, soft))

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return ', '.join(f'{name}={value}' for name, value in self.robust._asdict().items())
