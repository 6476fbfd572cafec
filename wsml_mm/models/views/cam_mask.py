"""A view in which only what speaks for the observed class is left of an image."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from wsml_mm.labels.encoding import POSITIVE
from wsml_mm.labels.numbers import check_number

from ..cam.maps import cam_weight, class_activation_map, last_map

NORMALISATIONS = ('image', 'batch')


@dataclass(frozen=True)
class CamMask:
    """Keeps the pixels at which the normalised activation map of the observed class is large.

    Of Song et al., ECCV 2024 (IGNORE). An image without exactly one observed positive stays as it
    is.

    Args:
        threshold: of the normalised map.
        normalise: 'image' takes minimum and maximum over the places of each map, (M - min) / (max -
            min), which is our reading; 'batch' takes them over the images of the batch at each
            place, (M - min) / max, as the released code does.

    Raises:
        ValueError: if an argument is out of range.
    """

    threshold: float = 0.8
    normalise: str = 'image'

    def __post_init__(self) -> None:
        check_number('cam_mask threshold', self.threshold, 'a number between 0 and 1', 0, 1)
        if self.normalise not in NORMALISATIONS:
            raise ValueError(f'cam_mask normalise={self.normalise!r}: use "image" or "batch"')

    def __call__(self, model: Any, images: Tensor, stages: Any, observed: Tensor) -> Tensor:
        """Returns the masked images, (B, 3, H, W).

        Args:
            model: an `ImageClassifier` with a linear head on pooled features.
            images: (B, 3, H, W), normalised: what is masked is 0.
            stages: what the backbone returned for them.
            observed: (B, C) labels of {1, 0, -1}.
        """
        maps = class_activation_map(last_map(stages), cam_weight(model))
        bias = getattr(getattr(model.head, 'fc', None), 'bias', None)
        if bias is not None:
            maps = maps + bias.detach().float()[:, None, None]
        return images * self.mask(maps, observed, (images.shape[-2], images.shape[-1])).to(images)

    def mask(self, maps: Tensor, observed: Tensor, size: tuple[int, int]) -> Tensor:
        """Returns what is kept, (B, 1, H, W) bool.

        Args:
            maps: (B, C, h, w).
            observed: (B, C) labels of {1, 0, -1}.
            size: H and W.
        """
        positive = observed == POSITIVE
        single = (positive.sum(1) == 1)[:, None, None]
        chosen = maps[torch.arange(len(maps), device=maps.device), positive.int().argmax(1)]
        heat = _by_image(chosen) if self.normalise == 'image' else _by_batch(chosen, single)
        heat = torch.nn.functional.interpolate(heat[:, None], size, mode='bilinear')
        return (heat > self.threshold) | ~single[:, None]


def _by_image(maps: Tensor) -> Tensor:
    low = maps.amin((1, 2), keepdim=True)
    return (maps - low) / (maps.amax((1, 2), keepdim=True) - low).clamp(min=1e-12)


def _by_batch(maps: Tensor, single: Tensor) -> Tensor:
    low = maps.masked_fill(~single, torch.inf).amin(0)
    high = maps.masked_fill(~single, -torch.inf).amax(0)
    return (maps - low) / high
