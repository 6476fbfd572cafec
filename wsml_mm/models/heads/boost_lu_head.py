"""BoostLU: a linear head on the places of the last map, whose positive evidence is boosted."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from mmpretrain.registry import MODELS
from torch import Tensor

from wsml_mm.labels.numbers import check_number

from .indexed_heads import IndexedMultiLabelLinearClsHead


def boosted_logits(features: Tensor, weight: Tensor, bias: Tensor, alpha: float) -> Tensor:
    """Returns the mean over places of the class maps, positive evidence times `alpha`, (B, C).

    Args:
        features: (B, D, h, w) maps before any pooling.
        weight: (C, D) of the 1x1 convolution.
        bias: (C,), which counts at every place.
        alpha: of M > 0; 1: pooling followed by a linear layer.
    """
    maps = F.conv2d(features, weight[:, :, None, None], bias)
    # Under autocast the maps are of a half type, in which a sum over places loses digits.
    maps = maps.float() if maps.dtype in (torch.float16, torch.bfloat16) else maps
    return torch.where(maps > 0, alpha * maps, maps).mean((2, 3))


@MODELS.register_module()
class BoostLUHead(IndexedMultiLabelLinearClsHead):
    """Class maps by a 1x1 convolution, boosted where they are positive, and their mean as logits.

    M = W x + b at each place of the backbone's last map; M := alpha M where M > 0; the logit is the
    mean over places, in training and in inference, with any loss. Source: BoostLU of Kim et al.,
    CVPR 2023, https://arxiv.org/abs/2304.01804. The convolution is the linear layer `fc` of the
    stock head, so that a checkpoint of pooling + linear layer loads as it is, and with alpha=1 it
    is the same function. Our reading: it starts as the stock head does (normal, 0.01), where the
    authors have the default of a convolution.

    Args:
        num_classes: C, classes of the data set.
        in_channels: D, channels of the backbone's last map; the model has no neck.
        alpha: factor of positive evidence, at least 0.
        init_cfg: how MMEngine initialises the weights.
        kwargs: loss (config of the loss), thr (scores from this one on are predicted positive) and
            topk (the k highest scores are predicted positive).

    Raises:
        ValueError: if alpha is negative or no number.

    Config:
        loss = dict(type='LargeLossReject', delta_rel=0.5)
        model = dict(neck=None, head=dict(
            type='BoostLUHead', num_classes=20, in_channels=2048, loss=loss))
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int,
        alpha: float = 5.0,
        init_cfg: Any = dict(type='Normal', layer='Linear', std=0.01),  # noqa: B006
        **kwargs: Any,
    ) -> None:
        check_number('alpha', alpha, 'a factor of positive evidence, >= 0', 0)
        super().__init__(num_classes, in_channels, init_cfg=init_cfg, **kwargs)
        self.alpha = alpha

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """Returns the logits, (B, C).

        Raises:
            ValueError: if the features were pooled.
        """
        features = self.pre_logits(feats)
        if features.ndim != 4:
            raise ValueError(
                f'BoostLUHead: {tuple(features.shape)} is no map (B, D, h, w) of the backbone: set '
                "model.neck=None, and with stored features FeatureDataset(keep='map')"
            )
        return boosted_logits(features, self.fc.weight, self.fc.bias, self.alpha)
