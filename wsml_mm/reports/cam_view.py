"""What one model sees in one image: its activation maps, scores and the places it points at."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wsml_mm.datasets.images import run_pipeline
from wsml_mm.evaluation.pointing import map_peaks, original_pixels
from wsml_mm.models.cam import activation_maps, last_map


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
    meta: dict[str, Any]

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


@torch.no_grad()
def view_image(
    model: Any,
    pipeline: Callable[[dict[str, Any]], Any],
    path: str | os.PathLike[str],
    method: str = 'cam',
) -> CamView:
    """Runs an image file through a model's test pipeline and looks at its activation maps.

    Args:
        model: an `ImageClassifier` in evaluation mode.
        pipeline: of its test dataset, ends with PackInputs.
        path: of the image.
        method: of `wsml_mm.models.cam.METHODS`.

    Raises:
        ValueError: if the image cannot be read, or the pipeline or model allows no map.
    """
    packed = run_pipeline(pipeline, {'img_path': os.fspath(path)}, 'mend it or name another image')
    sample = packed['data_samples']
    data = {'inputs': [packed['inputs']], 'data_samples': [sample]}
    inputs = model.data_preprocessor(data, training=False)['inputs']
    stages = model.backbone(inputs)
    maps = activation_maps(model, last_map(stages), method).cpu()
    logits = model.head(model.neck(stages) if model.with_neck else stages)[0].float()
    shape = (inputs.shape[-2], inputs.shape[-1])
    peaks = original_pixels(map_peaks(maps)[0].numpy(), shape, sample.metainfo)
    return CamView(maps[0], logits.sigmoid().cpu().numpy(), peaks, shape, sample.metainfo)


def disagreement(maps: list[Tensor]) -> float:
    """Returns how much the maps of one class differ between methods, 0 (equal) to 1.

    One less the mean cosine similarity of the positive parts over all pairs of methods; scale does
    not count, nor which method is right.

    Args:
        maps: M maps (h, w), of any sizes.
    """
    height = max(m.shape[0] for m in maps)
    width = max(m.shape[1] for m in maps)
    positive = [
        torch.nn.functional.interpolate(
            m.clamp(min=0)[None, None], (height, width), mode='bilinear'
        )
        for m in maps
    ]
    unit = torch.nn.functional.normalize(torch.cat(positive).flatten(1).double(), dim=1)
    pairs = unit @ unit.T
    count = len(maps)
    off_diagonal = pairs.sum() - pairs.diagonal().sum()
    return float(1 - off_diagonal / (count * (count - 1))) if count > 1 else 0.0
