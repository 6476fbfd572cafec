"""The name that `PartialLabelHook` had before it served every method."""

from __future__ import annotations

import warnings
from typing import Any

from mmpretrain.registry import HOOKS

from .partial_label_hook import PartialLabelHook


@HOOKS.register_module()
class LargeLossHook(PartialLabelHook):
    """The old name of `PartialLabelHook`; works for this version, with a warning.

    Args:
        warn_share: now an argument of the loss, `LargeLossCorrectPerm(warn_share=...)`.
        corrections_from: now `PartialLabelHook(state_from=...)`.
        epoch_length: iterations that count as an epoch under `IterBasedTrainLoop`.

    Config:
        default_hooks = dict(large_loss=dict(type='LargeLossHook'))
    """

    def __init__(
        self,
        warn_share: float | None = None,
        corrections_from: str | None = None,
        epoch_length: int | None = None,
    ) -> None:
        warnings.warn(
            "LargeLossHook is now called PartialLabelHook: write dict(type='PartialLabelHook'), "
            'state_from for corrections_from, and warn_share in the loss',
            stacklevel=2,
        )
        super().__init__(corrections_from, epoch_length)
        self.warn_share = warn_share

    def before_train(self, runner: Any) -> None:
        """Hands `warn_share` to the losses, then as `PartialLabelHook`."""
        super().before_train(runner)
        for store in [s for state in self._states() for _, s in state.entry_stores()]:
            if self.warn_share is not None:
                store.warn_share = self.warn_share
