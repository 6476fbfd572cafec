"""Class activation maps: which places of an image speak for a class.

B. Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016, equation 2.
"""

from __future__ import annotations

from typing import Any

import torch
from mmpretrain.models.heads import CSRAClsHead
from mmpretrain.models.necks import GlobalAveragePooling
from torch import Tensor, nn

from ..heads.boost_lu_head import BoostLUHead
from .gradient import GRADIENT_METHODS, gradient_activation_map

CAM_METHODS = ('cam', *GRADIENT_METHODS)


def class_activation_map(features: Tensor, weight: Tensor) -> Tensor:
    """Returns each class's weighted sum of feature maps, (B, C, h, w), without bias or ReLU.

    The mean of a class's map over all places is its logit less the bias.

    Args:
        features: (B, D, h, w) maps before global average pooling.
        weight: (C, D) of the linear layer behind it.
    """
    # In float32 under autocast too: equal half-precision values would move the maximum.
    with torch.autocast(features.device.type, enabled=False):
        return torch.einsum('bdhw,cd->bchw', features.float(), weight.float())


def cam_weight(model: nn.Module) -> Tensor:
    """Returns the (C, D) weight whose product with the feature maps is the model's CAM.

    Taken are a head with a linear layer `fc` behind `GlobalAveragePooling`, and `CSRAClsHead`,
    whose class-wise score maps are its CAM: the sum over its branches of W_c / ||W_c||, and
    `BoostLUHead`, whose boosting changes no order of places.

    Args:
        model: an `ImageClassifier`.

    Raises:
        ValueError: if the head is not linear on pooled features.
    """
    neck, head = getattr(model, 'neck', None), getattr(model, 'head', None)
    if isinstance(head, CSRAClsHead) and neck is None:
        parts = [branch.head.weight.flatten(1) for branch in head.csra_heads]
        return torch.stack([w / w.norm(dim=1, keepdim=True) for w in parts]).sum(dim=0).detach()
    fc = getattr(head, 'fc', None)
    boosted = neck is None and isinstance(head, BoostLUHead)
    if (boosted or isinstance(neck, GlobalAveragePooling)) and isinstance(fc, nn.Linear):
        return fc.weight.detach()
    raise ValueError(
        f'no CAM for {type(neck).__name__} + {type(head).__name__}: it needs the neck '
        'GlobalAveragePooling and a head with one linear layer fc; use method "gradcam" '
        '(pip install "wsml_mm[cam]")'
    )


def last_map(output: Any) -> Tensor:
    """Returns the last feature map, (B, D, h, w), of what a backbone returns.

    Raises:
        ValueError: if it is not a map.
    """
    features: Any = output[-1] if isinstance(output, (tuple, list)) else output
    if not isinstance(features, Tensor) or features.ndim != 4:
        shape = tuple(features.shape) if isinstance(features, Tensor) else type(features).__name__
        raise ValueError(
            f'the backbone returns {shape} and no map (B, D, h, w), so there are no places to '
            'point at: use an image backbone that returns its last map (out_type="featmap" for '
            'transformers, TIMMFeatureMap for those of timm), not stored features'
        )
    return features


def activation_maps(model: nn.Module, features: Tensor, method: str = 'cam') -> Tensor:
    """Returns the maps of every class, (B, C, h, w) float32, from the backbone's last map.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        features: (B, D, h, w) of `last_map(model.backbone(inputs))`.
        method: of `CAM_METHODS`; all but 'cam' are those of the library grad-cam.

    Raises:
        ValueError: if the method is unknown or the head does not allow it.
        ModuleNotFoundError: if grad-cam, of the extra `cam`, is missing.
    """
    if method == 'cam':
        weight = cam_weight(model)
        if weight.shape[1] != features.shape[1]:
            raise ValueError(
                f'the backbone returns {tuple(features.shape)}, and the head takes '
                f'{weight.shape[1]} channels: channels must come first, (B, D, h, w); take '
                'TIMMFeatureMap for a network of timm, or out_type="featmap" for MMPretrain\'s'
            )
        return class_activation_map(features, weight)
    if method not in CAM_METHODS:
        raise ValueError(f'method {method!r}: use one of {", ".join(CAM_METHODS)}')
    return torch.stack([gradient_activation_map(model, each[None], method) for each in features])
