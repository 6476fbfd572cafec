"""Decoding a JPEG in small."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Loaded = tuple[NDArray[np.uint8], tuple[int, int]]  # (H, W, 3); (width, height) of the whole

_ORIENTATION = 0x0112  # of EXIF
_SCAN = b'\xff\xda'  # a marker of JPEG
_ALONE = {0x00, 0x01, 0xFF, *range(0xD0, 0xDA)}  # second bytes of those without a length


def decode_small(content: bytes, least: int) -> Loaded | None:
    """Decodes a sound JPEG upright, at a size where no side is below the least; None: the rest."""
    import simplejpeg

    try:
        height, width, colours, _ = simplejpeg.decode_jpeg_header(content)
    except ValueError:
        return None
    plain = colours in ('YCbCr', 'Gray') and width * height <= (Image.MAX_IMAGE_PIXELS or np.inf)
    if not plain:
        return None
    turn, head = 1, content[: _end_of_head(content)]
    if b'Exif' in head or b'Orientation' in head:  # as XMP says it
        with Image.open(io.BytesIO(content)) as image:
            turn = turn_of(image)
    # Other parts of the size are slower to decode than the whole.
    part = max(p for p in (1, 2, 4, 8) if p == 1 or p * least <= min(width, height))
    try:
        pixels = simplejpeg.decode_jpeg(
            content,
            'RGB',
            fastupsample=True,
            min_height=-(-height // part),
            min_width=-(-width // part),
        )
    except ValueError:  # whatever is odd, Pillow has the say whether it is an image
        return None
    if turn >= 5:
        pixels, width, height = pixels.swapaxes(0, 1), height, width
    down, left = (-1 if turn in (3, 4, 7, 8) else 1), (-1 if turn in (2, 3, 6, 7) else 1)
    return pixels[::down, ::left], (width, height)


def turn_of(image: Image.Image) -> int:
    """Returns how an image is turned, 1 to 8, as its EXIF says."""
    turn = image.getexif().get(_ORIENTATION, 1)
    return turn if turn in range(1, 9) else 1


def _end_of_head(content: bytes) -> int:
    """Returns where the first scan of a JPEG begins; to look for words in it takes long."""
    place = 2  # after the marker of its start
    while (marker := content[place : place + 2]) != _SCAN:
        if marker[:1] != b'\xff' or marker[-1] in _ALONE:  # it is laid out in an odd way
            return len(content)
        place += 2 + int.from_bytes(content[place + 2 : place + 4], 'big')
    return place
