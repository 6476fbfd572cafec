"""Batch augmentations that mix images: which of them losses of partial labels can take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from wsml_mm.models.label_state import Classes
from wsml_mm.models.losses import PartialLabelLoss

from .set_up import model_of


def batch_augments(runner: Any) -> list[Any]:
    """Returns the augmentations of the model's preprocessor, which picks one for each batch."""
    chosen = getattr(getattr(model_of(runner), 'data_preprocessor', None), 'batch_augments', None)
    if chosen is None:
        return []
    return [augment for augment in getattr(chosen, 'augments', [chosen]) if augment is not None]


def check_mixing(augments: Sequence[Any], losses: Sequence[PartialLabelLoss]) -> None:
    """Refuses augmentations whose mixed labels a loss would take for something else.

    Args:
        augments: of `batch_augments`.
        losses: of the model.

    Raises:
        ValueError: if one blends unobserved labels, makes soft targets that a loss does not take,
            or mixes images of which a loss keeps state.
    """
    for augment in augments:
        if not getattr(augment, 'handles_unobserved', False):
            raise ValueError(
                'data_preprocessor.batch_augments (Mixup, CutMix) blends unobserved labels (-1) '
                'with known ones: remove batch_augments from the config, or use LogicMix or '
                'MixUpPME, which keep them apart'
            )
        mixed = f'data_preprocessor.batch_augments: {type(augment).__name__} mixes images'
        if name := next(_of_single_labels(losses), None):
            raise ValueError(
                f'{mixed}, and {name} keeps state of single ones, which a mixed image has no part '
                'in: remove batch_augments, or use a loss without state of images'
            )
        hard = [type(p).__name__ for loss in losses for p in loss.parts() if not p.soft_targets]
        if make_soft_targets([augment]) and hard:
            raise ValueError(
                f'{mixed} and makes targets between 0 and 1, which {hard[0]} does not take: use '
                'LogicMix, whose labels stay 1, 0 or -1, or AssumeNegativeLoss'
            )


def make_soft_targets(augments: Sequence[Any]) -> bool:
    """Tells whether labels between 0 and 1 result."""
    return any(getattr(augment, 'makes_soft_targets', False) for augment in augments)


def _of_single_labels(losses: Sequence[PartialLabelLoss]) -> Iterator[str]:
    for loss in losses:
        for part in loss.parts():
            if any(not isinstance(column, Classes) for column in part.columns().values()):
                yield type(part).__name__


class MixedTruth:
    """What is known of the true labels of images that were mixed.

    Args:
        augments: of `batch_augments`.
    """

    def __init__(self, augments: Sequence[Any] = ()) -> None:
        self._augments = [augment for augment in augments if hasattr(augment, 'mixture')]
        self.known = not any(_blurs(augment) for augment in augments)

    def before_step(self) -> None:
        """Forgets the batch before: the preprocessor may mix nothing in the next."""
        for augment in self._augments:
            augment.mixture = None

    def rule(self) -> Any:
        """Returns what turns the (B, C) true labels of the last batch into the mixed images'."""
        for augment in self._augments:
            if (mixture := augment.mixture) is not None:
                return lambda labels: augment.labels(mixture, labels)
        return None


def _blurs(augment: Any) -> bool:
    """Tells whether mixed images have no true labels, or nobody knows how they were mixed."""
    return make_soft_targets([augment]) or not hasattr(augment, 'mixture')
