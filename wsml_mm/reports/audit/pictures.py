"""Pictures of a page: reduced photographs, and activation maps to be laid over them."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from wsml_mm.datasets.image_loader import ImageLoader, why_unreadable
from wsml_mm.reports.thumbnails import data_uri, jpeg_uri, small_image

_CELLS = 32  # pixels of the long side of a map: the browser enlarges it smoothly
_LEVELS = 64  # of a map
_OPAQUE = 175  # of 255, where a map is largest: the photograph shines through


@dataclass(frozen=True)
class Picture:
    """A photograph as a page holds it.

    Args:
        uri: of the reduced JPEG; '' where there is none.
        width: in pixels, and
        height: of the reduced JPEG.
        why: there is none, as a phrase.
    """

    uri: str = ''
    width: int = 4
    height: int = 3
    why: str = ''


def picture(file: str, side: int, load: ImageLoader | None = None) -> Picture:
    """Returns an image of at most `side` pixels a side, or why it cannot be shown.

    Args:
        file: of the image.
        side: in pixels.
        load: shows an image of more than 8 bits as the training sees it.
    """
    try:
        small = small_image(file, (side, side), load)
    except Exception as error:  # Pillow raises many kinds on hostile files
        return Picture(why=why_unreadable(file, error))
    return Picture(jpeg_uri(small), *small.size)


def map_uri(heat: NDArray[np.floating]) -> str:
    """Returns an activation map as the address of a PNG to be laid over the photograph.

    It is clear where nothing speaks for the class, and yellow to red where something does.

    Args:
        heat: (H, W) of 0..1 over the image, of any size.
    """
    whole = Image.fromarray(np.ascontiguousarray(heat, dtype=np.float32))
    scale = _CELLS / max(whole.size)
    size = tuple(max(1, round(side * scale)) for side in whole.size)
    # By area: no maximum may fall between the pixels that are left.
    small = np.asarray(whole.resize((size[0], size[1]), Image.Resampling.BOX))
    levels = np.nan_to_num(small).clip(0, 1) * (_LEVELS - 1)
    image = Image.fromarray(levels.round().astype(np.uint8)).convert('P')
    share = np.linspace(0, 1, _LEVELS)
    colours = np.stack([np.full(_LEVELS, 255), 220 * (1 - share), 20 * (1 - share)], axis=1)
    image.putpalette(colours.round().astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    clear = (_OPAQUE * share).round().astype(np.uint8).tobytes()
    image.save(buffer, 'PNG', transparency=clear, optimize=True)
    return data_uri(buffer.getvalue(), 'image/png')
