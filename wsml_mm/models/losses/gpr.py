"""GPR: the loss of GR with pseudo-labels, which may be wrong, for some unobserved labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Entries, TrainingFacts
from .contract import LabelBatch, LossParts
from .entrywise import log_loss
from .focal import by_label
from .gr import RobustLoss
from .guarded import check_log_eps
from .large_loss import LargeLoss
from .pseudo_labels import pseudo_positives


@MODELS.register_module()
class GPRLoss(LargeLoss):
    """Generalised pseudo-label robust loss: unobserved labels taken for positive count softly so.

    Observed labels and unobserved ones without pseudo-label as in `GRLoss`. Unobserved labels with
    one: W * (-rho * log p - (1 - rho) * log(1 - p)), W = 1 - v bounded by `bounds`, without
    gradient. The paper's pseudo-labels come from CLIP; these are any, from a file, or large losses
    as LL-Ct selects them, to be reported as "GPR with ... labels", not as AEVLP. Its regulariser is
    `ExpectedPositives` in `extra`. The paper's negative pseudo-labels, without effect in its code,
    are left out. Source: Tran et al., ICCV 2025, https://arxiv.org/abs/2508.20381, as in their
    code; the defaults are those of VOC.

    Args:
        pseudo_labels: 'large-loss', or positives of the training set: an (N, C) array, sparse
            labels, a .npy or .npz file, see `pseudo_positives`. They are kept in checkpoints.
        pseudo_classes: class names of the columns of `pseudo_labels`, to be checked; None: those
            that a .npz file names.
        delta_rel: with 'large-loss', percent of the labels taken for positive, growing by this much
            every epoch.
        percent_of: with 'large-loss', of 'all' entries or the 'unobserved'.
        scope: with 'large-loss' on several ranks, from the 'global' batch or each 'rank'.
        rho: target of a pseudo-label.
        bounds: lambda_2 and lambda_1, the least and the largest W; COCO and NUS-WIDE have
            (0.5, 0.7), CUB (0.2, 0.8).
        w: see `GRLoss`.
        b: see `GRLoss`.
        mu: see `GRLoss`.
        sigma: see `GRLoss`.
        q2: see `GRLoss`.
        q3: see `GRLoss`.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-7 in the code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range, or pseudo-labels are of another shape.

    Config:
        model = dict(head=dict(loss=dict(
            type='GPRLoss', pseudo_labels='large-loss',
            extra=[dict(type='ExpectedPositives', expected_num_pos=1.5, loss_weight=0.05)])))
    """

    def __init__(
        self,
        pseudo_labels: Any = 'large-loss',
        pseudo_classes: Sequence[str] | None = None,
        delta_rel: float = 0.2,
        percent_of: str = 'all',
        scope: str = 'global',
        rho: float = 0.9,
        bounds: Sequence[float] = (0.4, 0.7),
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
        super().__init__(delta_rel, percent_of, scope, loss_weight, reduction, extra)
        check_number('rho', rho, 'a target between 0 and 1', 0, 1)
        if not (len(bounds) == 2 and 0 <= bounds[0] <= bounds[1] <= 1):
            raise ValueError(f'bounds={bounds!r}: give the least and the largest W, within 0 and 1')
        self.rho, self.bounds = rho, (bounds[0], bounds[1])
        self.log_eps = check_log_eps(log_eps)
        self.robust = RobustLoss.checked(w=w, b=b, mu=mu, sigma=sigma, q2=q2, q3=q3)
        self.selects = isinstance(pseudo_labels, str) and pseudo_labels == 'large-loss'
        self.pseudo_labels, self.pseudo_classes = pseudo_labels, pseudo_classes

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss of each entry, and which have a pseudo-label."""
        x, chosen = batch.logits, self.pseudo(batch)
        v = self.robust.weight(x, batch.progress)
        positive, negative = log_loss(x, self.log_eps), log_loss(-x, self.log_eps)
        taken = (1 - v).clamp(*self.bounds) * (self.rho * positive + (1 - self.rho) * negative)
        soft = torch.where(chosen, taken, v * self.robust.entries(x, batch.progress))
        action = 'positive' if self.selects else 'kept_positive'
        return LossParts(by_label(batch.observed, positive, negative, soft), {}, {action: chosen})

    def pseudo(self, batch: LabelBatch) -> Tensor:
        """Returns the (B, C) mask of the unobserved labels that are taken for positive."""
        if self.selects:
            return self.select(batch, batch.unobserved)
        assert self.state is not None
        return batch.held_in(self.state.entries('pseudo_labels'))

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `pseudo_labels`, where they are given."""
        return {} if self.selects else {'pseudo_labels': Entries(constant=1)}

    def start(self, facts: TrainingFacts) -> None:
        """Reads the pseudo-labels that are given.

        Raises:
            ValueError: if they are of another shape or other classes than the training set.
        """
        super().start(facts)
        if not self.selects and self.state is not None:
            keys = pseudo_positives(self.pseudo_labels, facts, self.pseudo_classes)
            self.state.entries('pseudo_labels').write(keys, None, 0)
