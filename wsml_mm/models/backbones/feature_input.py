"""The backbone and preprocessor of a model whose inputs are features already."""

from __future__ import annotations

from typing import Any

import torch
from mmengine.model import BaseModule
from mmpretrain.models import ClsDataPreprocessor
from mmpretrain.registry import MODELS
from torch import Tensor


@MODELS.register_module()
class FeatureInput(BaseModule):  # type: ignore[misc]
    """Passes stored features of a frozen backbone on to the head (see `FeatureDataset`).

    Args:
        init_cfg: how MMEngine initialises weights; there are none here.

    Config:
        model = dict(backbone=dict(type='FeatureInput'), neck=None)
    """

    def forward(self, features: Tensor) -> tuple[Tensor]:
        """Returns the features, (B, D) or maps (B, D, h, w), as the only stage."""
        return (features,)


@MODELS.register_module()
class FeaturePreprocessor(ClsDataPreprocessor):  # type: ignore[misc]
    """Stacks stored features in one go; MMPretrain's preprocessor handles images one by one.

    Without it `ClsDataPreprocessor` does the same, in more time than a linear layer's whole step.

    Args:
        kwargs: arguments of MMPretrain's `ClsDataPreprocessor`: none is needed, and with any of
            mean, std, pad_size_divisor, pad_value, to_rgb, to_onehot, num_classes and
            batch_augments it acts as that does.

    Config:
        model = dict(backbone=dict(type='FeatureInput'),
                     data_preprocessor=dict(type='FeaturePreprocessor'))
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.is_plain = not any(kwargs.values())

    def forward(self, data: dict[str, Any], training: bool = False) -> dict[str, Any]:
        """Returns `inputs`, (B, D) or (B, D, h, w), and `data_samples`, on the model's device.

        Args:
            data: `inputs`, B vectors or maps or one tensor of them, and `data_samples`, if any.
            training: accepted for the sake of the model.
        """
        inputs = data['inputs']
        if not isinstance(inputs, Tensor):
            inputs = torch.stack(list(inputs))
        if self.is_plain and inputs.ndim in (2, 4) and self.device.type == 'cpu':
            return {'inputs': inputs.float(), 'data_samples': data.get('data_samples')}
        found: dict[str, Any] = super().forward({**data, 'inputs': inputs}, training)
        return found
