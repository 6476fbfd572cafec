"""Labels that become positive for good once the model is sure of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from mmpretrain.registry import MODELS

from wsml_mm.labels.numbers import check_number

from ..label_state import Column, Entries
from .base import Predictions
from .contract import LabelBatch, LossParts
from .end_of_epoch import check_warm_up, open_scores
from .guarded import GuardedLoss


@MODELS.register_module()
class ThresholdWriteBackLoss(GuardedLoss):
    """Assume negative, and after each epoch scores above a threshold become positive for good.

    l = -log p for observed and written positives, -log(1 - p) for all other labels. After each
    epoch t >= warm_up, with a pass over the training set, unobserved labels with p > theta are
    written. It is the label store of MIME, Liu et al., ICML 2023, of
    https://github.com/palm-biaoliu/mime, on plain "assume negative", without MIME's latent head.
    Ours: every image is scored after every epoch, by the test pipeline; their loader drops a rest.

    Args:
        threshold: theta, a score from 0 to 1.
        warm_up: epochs before labels are written, 2 in the authors' code, 5 for CUB.
        warn_share: warn once when more than this share of the unobserved labels is written.
        loss_weight: factor of the loss.
        reduction: 'mean' over B * C, 'image' for the sum over B images divided by B, or 'sum'.
        extra: regularisers, losses of this package (or their configs) that are added.
        log_eps: e of -log(p + e), 1e-5 in the authors' code; 0: exact, stable at any logit.

    Raises:
        ValueError: if an argument is out of range.

    Config:
        model = dict(head=dict(loss=dict(type='ThresholdWriteBackLoss', threshold=0.95)))
        default_hooks = dict(partial_label=dict(type='PartialLabelHook'))
    """

    needs_progress = True

    def __init__(
        self,
        threshold: float = 0.95,
        warm_up: int = 2,
        warn_share: float = 0.1,
        loss_weight: float = 1.0,
        reduction: str = 'mean',
        extra: Sequence[Any] = (),
        log_eps: float = 0.0,
    ) -> None:
        super().__init__(loss_weight, reduction, extra, log_eps)
        check_number('threshold', threshold, 'a score from 0 to 1', 0, 1)
        self.threshold = threshold
        self.warm_up = check_warm_up('ThresholdWriteBackLoss', warm_up)
        self._column = Entries(1, 'first', warn_share=warn_share)

    def columns(self) -> dict[str, Column]:
        """Returns the one column, `written`."""
        return {'written': self._column}

    def compute(self, batch: LabelBatch) -> LossParts:
        """Returns the loss with the written labels as positives."""
        store, x = self.state.entries('written'), batch.logits  # type: ignore[union-attr]
        kept = batch.held_in(store)
        entries = self.bce(x, batch.positive | kept)
        return LossParts(entries, actions={'kept_positive': kept})

    def end_epoch(self, predict: Callable[[], Predictions]) -> None:
        """Writes the labels that the model is sure of."""
        super().end_epoch(predict)
        assert self.state is not None
        store, epoch = self.state.entries('written'), self.epoch or 0
        if epoch + 1 < self.warm_up:
            return
        for samples, scores, undecided in open_scores(predict, self.state.facts, store):
            store.add(samples, undecided & (scores > self.threshold))
        store.merge(epoch)

    def extra_repr(self) -> str:
        """Returns the hyper-parameters for `print(model)`."""
        return f'threshold={self.threshold}, warm_up={self.warm_up}'
