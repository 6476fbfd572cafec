"""Gradient-based activation maps of the library grad-cam, for heads that are not linear."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

GRADIENT_METHODS = {
    'gradcam': 'GradCAM',
    'gradcam++': 'GradCAMPlusPlus',
    'hirescam': 'HiResCAM',
    'layercam': 'LayerCAM',
    'xgradcam': 'XGradCAM',
}


class _AfterBackbone(nn.Module):
    """What follows the backbone's last map, logits out; `probe` is where the library listens."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.probe = nn.Identity()
        self.neck = model.neck if model.with_neck else None
        self.head = model.head

    def forward(self, features: Tensor) -> Tensor:
        seen = (self.probe(features.detach().requires_grad_()),)
        logits: Tensor = self.head(seen if self.neck is None else self.neck(seen))
        return logits


def gradient_activation_map(model: nn.Module, features: Tensor, method: str) -> Tensor:
    """Returns one image's map of every class, (C, h, w) float32 in 0..1.

    The backbone is not run again: its map goes through neck and head once for each class.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        features: (1, D, h, w), the backbone's last map.
        method: a key of `GRADIENT_METHODS`.

    Raises:
        ModuleNotFoundError: if grad-cam, of the extra `cam`, is missing.
    """
    try:
        library = importlib.import_module('pytorch_grad_cam')
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f'method {method!r} needs grad-cam: pip install "wsml_mm[cam]"', name=error.name
        ) from error
    after = _AfterBackbone(model).eval()
    # Tests run without gradients; the model's own stay as they are.
    kept = [(parameter, parameter.grad) for parameter in after.parameters()]
    with torch.enable_grad(), torch.autocast(features.device.type, enabled=False):
        features = features.float()
        classes = range(after(features).shape[1])
        with getattr(library, GRADIENT_METHODS[method])(after, [after.probe]) as explain:
            maps: Any = explain(features.expand(len(classes), -1, -1, -1), _targets(classes))
    for parameter, gradient in kept:
        parameter.grad = gradient
    return torch.from_numpy(np.asarray(maps, dtype=np.float32)).to(features.device)


def _targets(classes: Sequence[int]) -> list[Any]:
    target = importlib.import_module('pytorch_grad_cam.utils.model_targets').ClassifierOutputTarget
    return [target(label) for label in classes]
