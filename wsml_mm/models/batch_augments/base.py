"""What augmentations that mix images of partial labels share."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from .mixture import Mixture


class PartialLabelAugment:
    """Base of the batch augmentations that keep unobserved labels (-1) apart from known ones.

    A subclass draws the mixture from torch's generator, which `EpochSeedHook` seeds, and says what
    becomes of the labels. `handles_unobserved` is what `PartialLabelHook` asks of an augmentation
    of anybody's before it lets it pass.
    """

    handles_unobserved: ClassVar[bool] = True
    # Labels between 0 and 1 result, which only losses with `soft_targets = True` take.
    makes_soft_targets: ClassVar[bool] = False

    def __init__(self) -> None:
        # Of the last batch, for whoever knows more about its images; None: it was not mixed.
        self.mixture: Mixture | None = None

    def draw(self, rows: int) -> Mixture:
        """Returns what is mixed in a batch of so many rows."""
        raise NotImplementedError(f'{type(self).__name__} must define draw(rows) -> Mixture')

    def labels(self, mixture: Mixture, labels: Tensor) -> Tensor:
        """Returns the labels of the mixed images.

        Args:
            mixture: of the batch.
            labels: (B, C) of {1, 0, -1}.
        """
        raise NotImplementedError(f'{type(self).__name__} must define labels(mixture, labels)')

    def __call__(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Returns the mixed inputs and labels.

        Args:
            inputs: (B, ...) float, images or stored features.
            labels: (B, C) of {1, 0, -1}.
        """
        self.mixture = self.draw(len(inputs))
        return self.mixture.blend(inputs), self.labels(self.mixture, labels).float()
