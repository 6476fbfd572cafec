"""Loading and resizing images in one step, without the copies between two."""

from __future__ import annotations

import io
from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any

import cv2
import mmcv
import numpy as np
from mmengine import fileio
from mmpretrain.datasets.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS
from numpy.typing import NDArray
from PIL import Image, ImageOps

from .small_jpeg import Loaded, decode_small, turn_of

_DECODE = ('exact', 'cv2', 'fast')


@TRANSFORMS.register_module()
class LoadResizedImage(LoadImageFromFile):  # type: ignore[misc]
    """Loads an image and squashes it to one size, (H, W, 3), BGR, uint8, upright as its EXIF says.

    Exact, it gives bit for bit what LoadImageFromFile(imdecode_backend='pillow') and
    Resize(backend='pillow', interpolation='bilinear') give, in two thirds of the time; with 'cv2'
    what both give with that backend, MMPretrain's default. Fast, it decodes JPEG with simplejpeg,
    one of at least twice the size at a half, a quarter or an eighth of its own, never below the
    size asked for, and resizes with OpenCV. The three show other pixels of the same picture, so
    train and test with one of them. Exact and fast refuse the same files.

    Args:
        scale: (width, height) in pixels, or one number for both.
        decode: 'exact', 'cv2' or 'fast'.
        backend_args: of MMEngine's file backend; None: by the path.

    Raises:
        ValueError: if the scale is not one or two positive whole numbers, or there is no such
            `decode`.
        ImportError: if simplejpeg, which decodes fast, is not installed.

    Config:
        load = dict(type='LoadResizedImage', scale=(448, 448))
        train_pipeline = [load, dict(type='RandomFlip', prob=0.5), dict(type='PackInputs')]
    """

    def __init__(
        self,
        scale: int | Sequence[int],
        decode: str = 'exact',
        backend_args: dict[str, Any] | None = None,
    ) -> None:
        backend = 'cv2' if decode == 'cv2' else 'pillow'
        super().__init__(imdecode_backend=backend, backend_args=backend_args)
        sides = (scale, scale) if isinstance(scale, int) else tuple(scale)
        if len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
            raise ValueError(f'scale={scale!r}: use (width, height) in pixels, e.g. (448, 448)')
        if decode not in _DECODE:
            raise ValueError(f'decode={decode!r}: use "exact", "cv2" or "fast"')
        if decode == 'fast' and find_spec('simplejpeg') is None:
            raise ImportError(
                "LoadResizedImage(decode='fast') needs simplejpeg: pip install 'wsml_mm[fast]', or "
                "say decode='exact'"
            )
        self.scale, self.decode = (sides[0], sides[1]), decode

    @property
    def whole(self) -> LoadImageFromFile:
        """The transform that loads the same images as large as they are."""
        return LoadImageFromFile(
            imdecode_backend=self.imdecode_backend, backend_args=self.backend_args
        )

    def transform(self, results: dict[str, Any]) -> dict[str, Any]:
        """Loads the image at `img_path`."""
        content = fileio.get(results['img_path'], backend_args=self.backend_args)
        read = {'exact': self._exact, 'cv2': self._cv2, 'fast': self._fast}[self.decode]
        pixels, (width, height) = read(content)
        results['img'] = _in_planes(pixels, 'BGR' if self.decode == 'cv2' else 'RGB')
        results['ori_shape'], results['img_shape'] = (height, width), self.scale[::-1]
        results['scale'], results['keep_ratio'] = self.scale, False
        results['scale_factor'] = (self.scale[0] / width, self.scale[1] / height)
        return results

    def _exact(self, content: bytes) -> Loaded:
        image = _upright(content)
        pixels = np.asarray(image.resize(self.scale, Image.Resampling.BILINEAR))
        return pixels, image.size

    def _cv2(self, content: bytes) -> Loaded:
        image = mmcv.imfrombytes(content, backend='cv2')
        assert image is not None, 'failed to load image'  # as MMCV has it
        pixels: Any = cv2.resize(image, self.scale, interpolation=cv2.INTER_LINEAR)
        return pixels, image.shape[1::-1]

    def _fast(self, content: bytes) -> Loaded:
        loaded = decode_small(content, max(self.scale))
        if loaded is None:
            image = _upright(content)
            factor = min(image.width // self.scale[0], image.height // self.scale[1])
            small = image.reduce(factor) if factor > 1 else image
            loaded = np.asarray(small), image.size
        pixels: Any = cv2.resize(loaded[0], self.scale, interpolation=cv2.INTER_LINEAR)
        return pixels, loaded[1]

    def __repr__(self) -> str:
        said = f'scale={self.scale}, decode={self.decode!r}, backend_args={self.backend_args}'
        return f'{type(self).__name__}({said})'


def _upright(content: bytes) -> Image.Image:
    """Returns an image in RGB with the pixels that MMCV has of it by Pillow."""
    with Image.open(io.BytesIO(content)) as image:
        if image.mode not in ('RGB', 'L'):  # what becomes of the others is MMCV's choice
            pixels = mmcv.imfrombytes(content, backend='pillow')
            return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
        image.load()
        # Of an image that is not to be turned, both calls would make a copy.
        upright = ImageOps.exif_transpose(image) if turn_of(image) > 1 else image
        return upright if upright.mode == 'RGB' else upright.convert('RGB')


def _in_planes(pixels: NDArray[np.uint8], colours: str) -> NDArray[np.uint8]:
    """Returns (H, W, 3) as BGR: a view of whole planes, which PackInputs need not copy."""
    planes = np.empty((3, *pixels.shape[:2]), np.uint8)
    cv2.split(pixels, [planes['BGR'.index(colour)] for colour in colours])
    return planes.transpose(1, 2, 0)
