"""Small pictures within a page: JPEGs as their own addresses."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageOps

from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.pixels import is_grey_of_many_bits


def small_image(file: str, size: tuple[int, int], load: ImageLoader | None = None) -> Image.Image:
    """Returns an image in RGB, upright, reduced to fit a size; never enlarged.

    Args:
        file: of the image.
        size: width and height in pixels, at most.
        load: shows an image of more than 8 bits as the training sees it.

    Raises:
        Exception: of Pillow's many kinds, if it cannot be decoded.
    """
    with Image.open(file) as image:
        image.draft('RGB', (2 * size[0], 2 * size[1]))
        if is_grey_of_many_bits(image):
            pixels = (load or ImageLoader())(file).clip(0, 255).astype(np.uint8)
            small = Image.fromarray(pixels[..., 0] if pixels.ndim == 3 else pixels)
        else:
            small = ImageOps.exif_transpose(image)
        small = small.convert('RGB')
        small.thumbnail(size, Image.Resampling.LANCZOS)
    return small


def jpeg_uri(image: Image.Image, quality: int = 76) -> str:
    """Returns an image as the address of a JPEG.

    Args:
        image: in RGB or grey.
        quality: of Pillow, 1 to 95.
    """
    buffer = io.BytesIO()
    image.save(buffer, 'JPEG', quality=quality, optimize=True)
    return data_uri(buffer.getvalue(), 'image/jpeg')


def data_uri(content: bytes, kind: str) -> str:
    """Returns a file's content as the address of itself.

    Args:
        content: of the file.
        kind: its media type, e.g. 'image/jpeg'.
    """
    return f'data:{kind};base64,{base64.b64encode(content).decode()}'
