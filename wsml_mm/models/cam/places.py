"""Where in an image an activation map points: its maximum, in pixels of the original image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


def map_peaks(maps: Tensor) -> Tensor:
    """Returns where each map is largest, (B, C, 2) x and y as shares of the map's extent.

    That is the centre of the largest cell, and of equal cells the first in reading order. It is
    also where the map is largest after bilinear upsampling (`align_corners=False`) to any size:
    between the centres of cells the upsampled map is a weighted mean of cells, so that it nowhere
    exceeds the largest, whose value it takes at that cell's centre. Searching the pixels of an
    upsampled map instead would favour the upper left, for beyond the outermost centres it is
    constant.

    Args:
        maps: (B, C, h, w).

    Raises:
        ValueError: if a map holds NaN.
    """
    flat = maps.flatten(2)
    if flat.isnan().any():
        raise ValueError(
            'an activation map is NaN: the model has diverged; lower the learning rate'
        )
    largest = flat.argmax(dim=2)  # of equal values the first, as torch documents
    height, width = maps.shape[2:]
    rows = torch.div(largest, width, rounding_mode='floor')
    return torch.stack([(largest % width + 0.5) / width, (rows + 0.5) / height], dim=2)


def original_pixels(
    peaks: NDArray[np.floating], input_shape: tuple[int, int], meta: Mapping[str, Any]
) -> NDArray[np.float32]:
    """Maps places in the network's input to pixels of the original image.

    Args:
        peaks: (..., 2) x and y as shares of the input's width and height.
        input_shape: height and width of the network's input, padding at its right and lower edge
            included.
        meta: `ori_shape`, `img_shape` and, where the pipeline sets them, `scale_factor`, `flip`
            and `flip_direction` of a data sample.

    Returns:
        (..., 2) float32 x and y, pixel column i covering [i, i + 1); beyond the image if the peak
        lies in the padding.

    Raises:
        ValueError: if the pipeline crops, pads or drops the facts.
    """
    check_whole_image(meta)
    height, width = meta['img_shape']
    place = np.asarray(peaks, dtype=np.float64) * [input_shape[1] / width, input_shape[0] / height]
    if meta.get('flip'):
        direction = meta.get('flip_direction') or 'horizontal'
        mirrored = [direction in ('horizontal', 'diagonal'), direction in ('vertical', 'diagonal')]
        place = np.where(mirrored, 1 - place, place)
    original: NDArray[np.float64] = place * [meta['ori_shape'][1], meta['ori_shape'][0]]
    return original.astype(np.float32)


def check_whole_image(meta: Mapping[str, Any]) -> None:
    """Refuses a sample whose input does not show the whole image and nothing else.

    Raises:
        ValueError: naming the transforms that are meant.
    """
    for key in ('ori_shape', 'img_shape'):
        if key not in meta:
            raise ValueError(
                f'the data sample carries no {key}: name it in PackInputs(meta_keys=...) of the '
                'test pipeline'
            )
    factor = meta.get('scale_factor', (1.0, 1.0))
    scaled = [meta['ori_shape'][0] * factor[1], meta['ori_shape'][1] * factor[0]]
    if np.abs(np.subtract(scaled, meta['img_shape'][:2])).max() > 1:
        raise ValueError(
            f'{meta.get("img_path", "an image")} of {tuple(meta["ori_shape"])} was scaled by '
            f'{tuple(factor)} but is {tuple(meta["img_shape"])}: places cannot be mapped back '
            'through a crop, padding or second resize; test with one Resize(scale=(W, H)) alone'
        )
