"""What a model sees in images: its activation maps, scores and the places it points at."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.datasets.images import run_pipeline

from .maps import activation_maps, last_map
from .places import map_peaks, original_pixels


@dataclass(frozen=True)
class CamView:
    """Maps of one image by one model.

    Args:
        maps: (C, h, w) float32.
        scores: (C,) predicted probabilities.
        peaks: (C, 2) x and y of the maxima in pixels of the original image.
        input_shape: height and width of the network's input.
        meta: of the data sample.
    """

    maps: Tensor
    scores: NDArray[np.float32]
    peaks: NDArray[np.float32]
    input_shape: tuple[int, int]
    meta: Mapping[str, Any]

    def heat(self, label: int) -> NDArray[np.float32]:
        """Returns a class's map over the original image, (H, W), what speaks for it in 0..1.

        Negative evidence is 0, the largest value 1; a map without positive evidence stays 0.
        """
        positive = self.maps[label][None, None].clamp(min=0)
        full = torch.nn.functional.interpolate(positive, self.input_shape, mode='bilinear')
        height, width = self.meta['img_shape'][:2]
        full = full[..., :height, :width]  # the rest is padding
        if self.meta.get('flip'):
            direction = self.meta.get('flip_direction') or 'horizontal'
            turned = {'horizontal': (3,), 'vertical': (2,), 'diagonal': (2, 3)}[direction]
            full = full.flip(turned)
        shape = tuple(self.meta['ori_shape'][:2])
        heat = torch.nn.functional.interpolate(full, shape, mode='bilinear')[0, 0]
        result: NDArray[np.float32] = (heat / heat.max().clamp(min=1e-12)).numpy()
        return result


def locate_peaks(
    model: Any,
    stages: Any,
    input_shape: tuple[int, int],
    metas: Sequence[Mapping[str, Any]],
    method: str = 'cam',
) -> tuple[Tensor, list[NDArray[np.float32]]]:
    """Returns the maps of a batch, (B, C, h, w), and each image's maxima, B times (C, 2) x and y.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        stages: what its backbone returned for the batch.
        input_shape: height and width of the network's input.
        metas: of the B data samples; the places are pixels of their original images.
        method: of `CAM_METHODS`.

    Raises:
        ValueError: if the pipeline or model allows no map.
    """
    maps = activation_maps(model, last_map(stages), method)
    peaks = map_peaks(maps).cpu().numpy()
    places = [original_pixels(p, input_shape, m) for p, m in zip(peaks, metas, strict=True)]
    return maps, places


@torch.no_grad()
def view_batch(
    model: Any, packed: Sequence[Mapping[str, Any]], method: str = 'cam'
) -> list[CamView]:
    """Runs images through a model and returns what it sees in each.

    Inputs of several sizes are padded to one, as in a test.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        packed: the images' `inputs` and `data_samples`, as PackInputs returns them.
        method: of `CAM_METHODS`.

    Raises:
        ValueError: if the pipeline or model allows no map.
    """
    samples = [each['data_samples'] for each in packed]
    data = {'inputs': [each['inputs'] for each in packed], 'data_samples': samples}
    inputs = model.data_preprocessor(data, training=False)['inputs']
    shape, metas = (inputs.shape[-2], inputs.shape[-1]), [sample.metainfo for sample in samples]
    stages = model.backbone(inputs)
    maps, peaks = locate_peaks(model, stages, shape, metas, method)
    logits = model.head(model.neck(stages) if model.with_neck else stages).float()
    scores = logits.sigmoid().cpu().numpy()
    return [
        CamView(*seen)
        for seen in zip(maps.cpu(), scores, peaks, [shape] * len(metas), metas, strict=True)
    ]


def view_images(
    model: Any,
    pipeline: Callable[[dict[str, Any]], Any],
    paths: Iterable[str | os.PathLike[str]],
    method: str = 'cam',
    batch_size: int = 16,
) -> Iterator[CamView]:
    """Yields what a model sees in image files, in their order.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        pipeline: of its test dataset, ends with PackInputs.
        paths: of the images.
        method: of `CAM_METHODS`.
        batch_size: images of one size that go through the model together, at most.

    Raises:
        ValueError: if an image cannot be read, or the pipeline or model allows no map.
    """
    hint = 'repair it or name another image'
    packed = (run_pipeline(pipeline, {'img_path': os.fspath(path)}, hint) for path in paths)
    # Padded to a common size, a model would see each image otherwise than alone.
    for _, same_size in groupby(packed, key=lambda each: tuple(each['inputs'].shape)):
        while batch := list(islice(same_size, batch_size)):
            yield from view_batch(model, batch, method)
