"""The backbone of a model whose inputs are features already."""

from __future__ import annotations

from mmengine.model import BaseModule
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
        """Returns the (B, D) features as the only stage."""
        return (features,)
