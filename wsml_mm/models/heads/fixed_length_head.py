"""A linear head on features of one length, so that nothing depends on the backbone's scale."""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from .indexed_heads import IndexedMultiLabelLinearClsHead


@MODELS.register_module()
class FixedLengthLinearHead(IndexedMultiLabelLinearClsHead):
    """Linear head on features that are scaled to one Euclidean length, image by image.

    A step of Adam and a weight decay move the logits by more the longer the features are; with one
    length the same rate and decay suit any backbone. The pooled features of ImageNet networks have
    lengths of 15 (EfficientNet-Lite0 on photographs) to 30, CLIP's 1.

    Args:
        num_classes: C, classes of the data set.
        in_channels: D, channels of the features.
        length: of the scaled features.
        init_cfg: how MMEngine initialises the weights.
        kwargs: loss (config of the loss), thr (scores from this one on are predicted positive) and
            topk (the k highest scores are predicted positive).

    Raises:
        ValueError: if the length is not positive.

    Config:
        loss = dict(type='BalancedEntropyLoss')
        model = dict(head=dict(
            type='FixedLengthLinearHead', num_classes=20, in_channels=2048, loss=loss))
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        length: float = 20.0,
        init_cfg: Any = dict(type='Normal', layer='Linear', std=0.01),  # noqa: B006
        **kwargs: Any,
    ) -> None:
        check_number('length', length, 'a length above 0', 1e-6)
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **kwargs)
        self.length = length

    def pre_logits(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Returns the scaled features, (B, D); half types are scaled in float32."""
        features: Tensor = super().pre_logits(feats)
        return self.length * F.normalize(features.float(), dim=1).to(features.dtype)
