"""Which data and which observed labels are measured, and the settings that all trainings share."""

from __future__ import annotations

from typing import Any, NamedTuple

from wsml_mm.experiments.training import KEEP_EPOCHS

_OBSERVE = 'train_dataloader.dataset.observe'
OBSERVED: dict[str, dict[str, Any]] = {
    'single': {},
    'forty': {
        f'{_OBSERVE}.type': 'KeepRatio',
        f'{_OBSERVE}.ratio': 0.4,
        f'{_OBSERVE}.positives_only': True,
    },
}
TITLES = {'single': 'one positive an image', 'forty': '40 % of the positives'}


class Group(NamedTuple):
    """One data set with one kind of observed labels.

    Args:
        protocol: of `configs`, e.g. 'voc5/lite0_linear.py'.
        observed: of `OBSERVED`.
    """

    protocol: str
    observed: str

    @property
    def data(self) -> str:
        """The data set's short name."""
        return self.protocol.partition('/')[0]

    @property
    def key(self) -> tuple[str, str]:
        """What its rows have as `data` and `observed`."""
        return self.data, self.observed

    @property
    def title(self) -> str:
        """For tables and figures."""
        return f'{self.data}, {TITLES[self.observed]}'

    def options(self, epochs: int) -> dict[str, Any]:
        """Returns the settings of its trainings, which keep every epoch."""
        return {**KEEP_EPOCHS, 'train_cfg.max_epochs': epochs, **OBSERVED[self.observed]}
