"""Pixels of images: with all their bits, for the eye, and in small."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps


def read_grey_of_many_bits(content: bytes) -> tuple[NDArray[Any], int | None] | None:
    """Returns the values of an image that Pillow holds with more than 8 bits, turned upright.

    Args:
        content: of the file.

    Returns:
        (H, W), and 16, or None for 32 bits and floats; None: it is of other kind.

    Raises:
        ValueError: if it is of colours of 16 bits, of which Pillow reads 8.
    """
    with Image.open(io.BytesIO(content)) as image:
        if is_grey_of_many_bits(image):
            # Before version 10, Pillow has the 16 bits of a PNG as 32.
            depth = 16 if image.mode[1:] or image.format == 'PNG' else None
            return np.array(ImageOps.exif_transpose(image)), depth
        if is_colour_of_16_bits(image):
            raise ValueError(
                'Pillow reads 8 of the 16 bits of a colour image; say imdecode_backend="cv2"'
            )
    return None


def is_grey_of_many_bits(image: Image.Image) -> bool:
    """Tells whether Pillow holds an image's one channel with 16 or 32 bits, or as floats."""
    return image.mode[:1] in ('I', 'F')


def is_colour_of_16_bits(image: Image.Image) -> bool:
    """Tells whether an image, opened and not loaded yet, loses 8 of 16 bits in Pillow."""
    return not is_grey_of_many_bits(image) and ';16' in str(getattr(image, 'tile', ''))


def in_range(values: NDArray[Any], low: float, high: float) -> NDArray[np.float32]:
    """Returns values with a range as 0..255; where it is empty, what is above it is white."""
    shifted = values.astype(np.float64) - low
    scaled = shifted * (255 / (high - low)) if high > low else np.where(shifted > 0, 255, 0)
    result: NDArray[np.float32] = scaled.clip(0, 255).astype(np.float32)
    return result


def shown(image: Image.Image) -> Image.Image:
    """Returns an image for the eye: upright, RGB, more than 8 bits by their percentiles 1 to 99."""
    upright = ImageOps.exif_transpose(image)
    if is_grey_of_many_bits(image):
        values = np.array(upright)
        finite = values[np.isfinite(values)]
        low, high = np.percentile(finite, (1, 99)) if finite.size else (0, 0)
        grey = in_range(np.nan_to_num(values, nan=low), low, high)
        upright = Image.fromarray(np.rint(grey).astype(np.uint8))
    return upright.convert('RGB')


def held(values: NDArray[Any]) -> str:
    """Returns the least and the largest of some values, for messages."""
    finite = values[np.isfinite(values)]
    if not finite.size:
        return 'no numbers'
    low, high = finite.min(), finite.max()
    whole = np.issubdtype(finite.dtype, np.integer)
    return f'{low:,} to {high:,}' if whole else f'{low:.6g} to {high:.6g}'


def contiguous(image: NDArray[Any]) -> NDArray[Any]:
    """Returns an image as one block, so that all that follows is quick."""
    if image.ndim == 3 and not image.flags.c_contiguous:  # MMCV turns RGB of Pillow by a view
        return np.stack([image[..., channel] for channel in range(image.shape[2])], axis=-1)
    return np.ascontiguousarray(image)


def grey_thumbnail(image: NDArray[Any], size: int) -> NDArray[np.uint8]:
    """Returns the means of size x size parts of an image in grey."""
    if image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3:
        grey = Image.fromarray(np.ascontiguousarray(image)).convert('L')
    else:
        plane = image.mean(axis=2) if image.ndim == 3 else image
        grey = Image.fromarray(np.nan_to_num(plane.astype(np.float32)))
    small = np.asarray(grey.resize((size, size), Image.Resampling.BOX))
    result: NDArray[np.uint8] = small.clip(0, 255).astype(np.uint8)
    return result
