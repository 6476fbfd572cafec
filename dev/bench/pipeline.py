"""Reading photographs at 448 px: the pipeline of the configs against bare PIL and OpenCV."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from mmengine.dataset import Compose
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from .rows import row
from .timing import Measured, alternate

SIZE = 448
_FOLDER = tempfile.TemporaryDirectory()


@cache
def photographs(count: int) -> tuple[str, ...]:
    """Writes smooth noise of 500 x 375 as JPEG, about as large as a photograph of VOC."""
    rng, paths = np.random.default_rng(0), []
    for number in range(count):
        small = rng.integers(0, 256, (47, 63, 3), np.uint8)
        image = Image.fromarray(small).resize((500, 375), Image.Resampling.BICUBIC)
        noise = rng.normal(0, 8, (375, 500, 3))
        path = Path(_FOLDER.name) / f'{number}.jpg'
        Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8)).save(
            path, quality=90
        )
        paths.append(str(path))
    return tuple(paths)


STOCK = (
    dict(type='LoadImageFromFile', imdecode_backend='cv2'),
    dict(type='Resize', scale=(SIZE, SIZE), backend='cv2', interpolation='bilinear'),
)


def _reading(steps: Sequence[dict[str, Any]], paths: tuple[str, ...]) -> Callable[[], object]:
    pipeline = Compose([TRANSFORMS.build(step) for step in (*steps, dict(type='PackInputs'))])
    return lambda: [pipeline({'img_path': path}) for path in paths]


def _resized(decode: str, paths: tuple[str, ...]) -> Callable[[], object]:
    return _reading([dict(type='LoadResizedImage', scale=SIZE, decode=decode)], paths)


def bare_pil(paths: tuple[str, ...]) -> list[torch.Tensor]:
    """The same pixels with PIL alone."""
    found = []
    for path in paths:
        with Image.open(path) as image:
            small = image.convert('RGB').resize((SIZE, SIZE), Image.Resampling.BILINEAR)
        pixels = np.ascontiguousarray(np.asarray(small)[..., ::-1].transpose(2, 0, 1))
        found.append(torch.from_numpy(pixels))
    return found


def bare_cv2(paths: tuple[str, ...]) -> list[torch.Tensor]:
    """OpenCV alone."""
    found = []
    for path in paths:
        pixels = cv2.resize(cv2.imread(path), (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)
        found.append(torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1))))
    return found


@row('pipeline/pillow 448 px', 'bare PIL', '>= 0.95')
def pillow(quick: bool) -> Measured:
    """The bit-exact mode, as the configs have it."""
    paths = photographs(2 if quick else 16)
    return alternate(_resized('exact', paths), lambda: bare_pil(paths))


@row('pipeline/cv2 448 px', 'bare OpenCV', '>= 0.95')
def opencv(quick: bool) -> Measured:
    """The pixels of MMPretrain's default reader."""
    paths = photographs(2 if quick else 16)
    return alternate(_resized('cv2', paths), lambda: bare_cv2(paths))


@row('pipeline/fast mode over cv2', "MMPretrain's default reader", '>= 1.3')
def fast(quick: bool) -> Measured:
    """The fast mode, whose pixels are others."""
    paths = photographs(2 if quick else 16)
    return alternate(_resized('fast', paths), _reading(STOCK, paths))
