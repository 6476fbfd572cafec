"""The preprocessor of samples that hold several views of an image."""

from __future__ import annotations

from typing import Any

from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class ViewsPreprocessor(ClsDataPreprocessor):  # type: ignore[misc]
    """Treats each view of `ExtraViews` as MMPretrain's preprocessor treats an image.

    Batches without views are treated as ever.

    Args:
        kwargs: arguments of MMPretrain's `ClsDataPreprocessor`: mean, std, pad_size_divisor,
            pad_value, to_rgb, to_onehot, num_classes and batch_augments.

    Config:
        model = dict(data_preprocessor=dict(
            type='ViewsPreprocessor', mean=[127.0] * 3, std=[128.0] * 3, to_rgb=True))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns `inputs`, (B, 3, H, W) or a list of them for several views, and `data_samples`.

        Args:
            data: `inputs`, B images, or a list of B images for each view; `data_samples`, if any.
            training: whether batch augmentations are applied.
        """
        inputs = data['inputs']
        if not _are_views(inputs):
            plain: dict[str, Any] = super().forward(data, training)
            return plain
        found: dict[str, Any] = super().forward({**data, 'inputs': inputs[0]}, training)
        views = [found['inputs']]
        for view in inputs[1:]:
            views.append(super().forward({'inputs': view}, training)['inputs'])
        return {**found, 'inputs': views}


def _are_views(inputs: Any) -> bool:
    """Tells lists of images, or a stacked batch for each view, from a list of images."""
    if isinstance(inputs, Tensor) or not len(inputs):
        return False
    return not isinstance(inputs[0], Tensor) or inputs[0].ndim > 3
