"""What is odd about an image as it was loaded: it does not show what its file holds."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from wsml_mm.labels.files import one_line

from .image_loader import ImageLoader
from .pixels import grey_thumbnail, held, is_colour_of_16_bits, is_grey_of_many_bits

# Shares of pixels that may lose their values: none where no range of values was stated.
_LOST, _LOST_OF_A_RANGE = 0.01, 0.5
_DARK, _CONSTANT = 64, 8  # of 256 steps, from the least to the largest value
_TRANSPARENT = 0.01  # share of pixels
DAMAGED = 'damaged image'
# Kinds of remarks on the values of the loaded image.
_CUT, _SQUEEZED, _BEYOND = 'values cut off', 'values squeezed', 'values not in 0 to 255'
_PLAIN, _NEARLY_PLAIN = 'constant image', 'nearly constant image'
_NO_NUMBERS = 'values that are no numbers'
LOST = frozenset({_NO_NUMBERS, _CUT, _SQUEEZED, _BEYOND, _PLAIN, _NEARLY_PLAIN})
_ORIENTATION = 0x0112  # of EXIF
_PICTURES = ('JPEG', 'PNG', 'GIF', 'BMP', 'WEBP')  # whose decoders know a file that was cut off


class Remark(NamedTuple):
    """What is odd about a loaded image; see `Problem`."""

    kind: str
    what: str
    fix: str
    serious: bool = False


def remarks_on(content: bytes, image: NDArray[Any], load: ImageLoader) -> list[Remark]:
    """Returns what is odd about a loaded image.

    Args:
        content: of its file; b'' where that is not on a disk.
        image: (H, W, 3) or (H, W), as loaded.
        load: its loader.
    """
    return (
        list(_remarks_of_numbers(image, load))
        or list(_remarks_of_file(content, image, load))
        or list(_remarks_of_pixels(image))
    )


def _remarks_of_numbers(image: NDArray[Any], load: ImageLoader) -> Iterator[Remark]:
    if np.issubdtype(image.dtype, np.floating) and not np.isfinite(image).all():
        what = 'is loaded with NaN or infinite values, which make every weight NaN'
        yield Remark(_NO_NUMBERS, what, _advice(image, load, False), serious=True)


def _remarks_of_pixels(image: NDArray[Any]) -> Iterator[Remark]:
    low, high = float(image.min()), float(image.max())
    if low == high:
        fix = 'remove it if it shows nothing; if it does, look at how it is loaded'
        yield Remark(_PLAIN, f'is loaded as one plain colour ({low:g})', fix)
    elif image.dtype == np.uint8 and high - low < _CONSTANT:
        what = f'is loaded with the values {low:g} to {high:g} of 0 to 255 only'
        fix = 'look at it, and at how it is loaded'
        yield Remark(_NEARLY_PLAIN, what, fix)


def _remarks_of_file(content: bytes, image: NDArray[Any], load: ImageLoader) -> Iterator[Remark]:
    """Yields what the file holds and the loaded image does not."""
    try:
        with Image.open(io.BytesIO(content)) as stored:
            deep, colour = is_grey_of_many_bits(stored), is_colour_of_16_bits(stored)
            frames = getattr(stored, 'n_frames', 1)
            if not load.is_pillow and (cut := _damage(stored)):
                what = f'it is damaged, though it is loaded: {cut}'
                yield Remark(DAMAGED, what, 'repair or remove it', serious=True)
                return
            if deep or colour:
                yield from _remarks_of_depth(np.asarray(stored) if deep else None, image, load)
            if frames > 1 and stored.format != 'MPO':  # a photograph and its previews
                what = f'holds {frames} pictures, of which the first alone is loaded'
                fix = 'save the others as images of their own if they matter'
                yield Remark('several pictures in a file', what, fix)
            if stored.getexif().get(_ORIENTATION, 1) in range(2, 9) and _as_stored(stored, image):
                what = 'is loaded as the camera stored it, not upright as its EXIF says'
                fix = "load it with color_type='color' and the backend 'cv2' or 'pillow'"
                yield Remark('image not upright', what, fix)
            if (share := _transparent(stored)) > _TRANSPARENT:
                what = f'is transparent in {share:.0%} of its pixels, and loaded as if it were not'
                yield Remark('transparent image', what, 'paint it on the background it should have')
    except Exception:  # Pillow does not know the file; the loader does
        return


def _damage(stored: Image.Image) -> str:
    """Returns why Pillow refuses a picture that it knows to be cut off; '': it is whole."""
    stored.seek(0)
    try:
        stored.load()
    except (OSError, SyntaxError) as error:
        return one_line(error) if stored.format in _PICTURES else ''
    return ''


def _remarks_of_depth(
    values: NDArray[Any] | None, image: NDArray[Any], load: ImageLoader
) -> Iterator[Remark]:
    """Yields whether an image of more than 8 bits lost what it shows.

    Args:
        values: of the file; None: Pillow cannot read them all, as of 16 bits a colour.
        image: as loaded.
        load: the loader.
    """
    low, high = float(image.min()), float(image.max())
    black, white = float((image <= 0).mean()), float((image >= 255).mean())
    holds, ends = 'is of 16 bits a colour', 1.0
    if values is not None:
        ends = float(np.isin(values, (values.min(), values.max())).mean())
        holds = f'is of {8 * values.itemsize} bits ({held(values)})'
        if values.min() == values.max():
            return
    advice = _advice(image if values is None else values, load, colour=values is None)
    if image.dtype != np.uint8 and load.is_plain and (high > 255 or high - low <= 1):
        what = f'{holds} and loaded with the values {low:g} to {high:g}, where 0 to 255 are meant'
        yield Remark(_BEYOND, what, advice)
    elif image.dtype == np.uint8 and high - low < _DARK:
        what = f'{holds} and loaded with the values {low:g} to {high:g} of 0 to 255 only'
        yield Remark(_SQUEEZED, what, advice, serious=load.is_pillow)
    elif high <= 255 and black + white - ends > (_LOST if load.is_pillow else _LOST_OF_A_RANGE):
        what = f'{holds} and loaded as {white:.0%} white and {black:.0%} black'
        yield Remark(_CUT, what, advice, serious=load.is_pillow)


def _advice(values: NDArray[Any], load: ImageLoader, colour: bool) -> str:
    """Returns how to load an image of such values, e.g. with the least usual range."""
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    span = f'value_range=({low:.6g}, {high:.6g})'
    if np.issubdtype(values.dtype, np.integer) and low >= 0 and high < 1 << 16:
        span = f'bits={12 if high < 1 << 12 else 16}'
    if not load.is_plain:
        return f'state a range that holds its values, e.g. {span}'
    backend = ", imdecode_backend='cv2'" if colour else ''
    return f"load all with one range, e.g. dict(type='LoadHighBitDepthImage', {span}{backend})"


def _as_stored(stored: Image.Image, image: NDArray[Any]) -> bool:
    """Tells whether a loaded image is nearer to the file's pixels than to the upright ones."""
    turned = ImageOps.exif_transpose(stored)
    here = grey_thumbnail(image, 16).astype(int)
    apart = [
        (image.shape[:2] != (other.height, other.width))
        + np.abs(here - grey_thumbnail(np.asarray(other.convert('RGB')), 16)).mean() / 256
        for other in (stored, turned)
    ]
    return bool(apart[0] < apart[1])


def _transparent(stored: Image.Image) -> float:
    """Returns the share of pixels that are not opaque."""
    if stored.mode not in ('RGBA', 'LA', 'PA') and 'transparency' not in stored.info:
        return 0.0
    alpha = np.asarray(stored.convert('RGBA').getchannel('A'))
    return float((alpha < 255).mean())
