"""The loader of a pipeline: what reads an image's file into pixels, and why it could not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmpretrain.datasets.transforms import LoadImageFromFile
from mmpretrain.registry import TRANSFORMS
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from wsml_mm.labels.files import one_line

from .image_folders import is_remote, why_no_file
from .nesting import walk
from .pixels import is_grey_of_many_bits
from .transforms import LoadResizedImage

Transform = Callable[[dict[str, Any]], Any]
# That of the pipelines in configs/_base_.
_SHIPPED = dict(type='LoadImageFromFile', imdecode_backend='pillow')


class ImageLoader:
    """Loads images with the first transforms of a pipeline, up to the one that gives pixels.

    An image is loaded as large as it is also where the pipeline resizes it in loading.

    Args:
        transforms: of the pipeline, or their configs; without any, images are loaded as the
            pipelines that come with this package do.
    """

    def __init__(self, transforms: Sequence[Any] = ()) -> None:
        built = (
            TRANSFORMS.build(each) if isinstance(each, Mapping) else each
            for each in transforms or [_SHIPPED]
        )
        self.transforms: list[Transform] = [
            each.whole if isinstance(each, LoadResizedImage) else each for each in built
        ]

    @classmethod
    def of(cls, dataset: Any) -> ImageLoader:
        """Returns the loader of a dataset, or of its config, below all wrappers."""
        *_, leaf = walk(dataset)
        pipeline = leaf.get('pipeline') if isinstance(leaf, Mapping) else _pipeline(leaf)
        return cls([pipeline] if callable(pipeline) else pipeline or ())

    def __call__(self, path: str) -> NDArray[Any]:
        """Returns the pixels of an image as the next transform gets them, (H, W, 3) or (H, W).

        Raises:
            Exception: of many kinds, if it cannot be loaded.
        """
        results: Any = {'img_path': path}
        for transform in self.transforms:
            results = transform(results)
            if results is None:
                raise ValueError('the pipeline drops it')
            if 'img' in results:
                return np.asarray(results['img'])
            if 'inputs' in results:  # loaded and packed in one
                return np.moveaxis(np.asarray(results['inputs']), 0, -1)
        raise ValueError('no transform of the pipeline gives an "img"')

    @property
    def is_known(self) -> bool:
        """Whether the first transform is MMCV's or this package's, and does nothing but load."""
        return isinstance(self.transforms[0], LoadImageFromFile)

    @property
    def is_plain(self) -> bool:
        """Whether MMCV's own transform loads the images, which has no range of values."""
        return type(self.transforms[0]) is LoadImageFromFile

    @property
    def is_pillow(self) -> bool:
        """Whether it does so with Pillow, which cuts off values above 255."""
        return self.is_plain and self.transforms[0].imdecode_backend == 'pillow'  # type: ignore


def _pipeline(dataset: Any) -> Any:
    """Returns the transforms of a dataset, or one function in their place; None: it has none."""
    pipeline = getattr(dataset, 'pipeline', None)
    return getattr(pipeline, 'transforms', pipeline)


def why_unreadable(path: str, error: BaseException) -> str:
    """Returns why an image could not be loaded: by what the file is, else by the error.

    Args:
        path: of the image.
        error: that came of it.
    """
    if is_remote(path):
        return one_line(error)
    if isinstance(error, PermissionError):
        return 'no permission to read it'
    try:
        with Path(path).open('rb') as file:
            head = file.read(4096)
    except FileNotFoundError:
        return why_no_file(path) or 'there is no such file'
    except OSError as failed:
        return why_no_file(path) or str(failed.strerror)
    except ValueError as failed:  # e.g. a NUL in the name
        return one_line(failed)
    if found := _what_instead(head):
        return found
    if isinstance(error, UnidentifiedImageError):  # its text is an address in memory
        return 'it is no image of a known format'
    if isinstance(error, AssertionError) and 'failed to load image' in str(error):  # of MMCV
        return _why_by_pillow(path)
    return ' '.join(str(error).split()) if type(error) is ValueError else one_line(error)


def _why_by_pillow(path: str) -> str:
    """Returns why OpenCV, which says nothing, may have refused an image."""
    try:
        with Image.open(path) as image:
            image.load()
    except UnidentifiedImageError:
        return 'it is no image of a known format'
    except Exception as error:  # Pillow raises many kinds on hostile files
        return one_line(error)
    if is_grey_of_many_bits(image):
        return "OpenCV refuses its depth, load it with dict(type='LoadHighBitDepthImage', ...)"
    return "OpenCV cannot decode it, Pillow can: say imdecode_backend='pillow'"


def _what_instead(head: bytes) -> str:
    """Returns what a file is that is no image, by its beginning; '': it may be one."""
    if not head:
        return 'the file is empty'
    if not head.strip(b'\0'):
        return 'the file holds zeros, as after a download that was cut off'
    if head[128:132] == b'DICM':
        return 'it is a DICOM file; write its pixels as PNG or TIFF'
    if re.match(rb'(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)\b', head, re.IGNORECASE):
        return 'it is an HTML page, as of a failed download'
    if head.startswith(b'version https://git-lfs'):
        return 'it is a pointer of Git LFS; fetch the file with git lfs pull'
    if re.match(rb'\s*(<\?xml|<svg)', head):
        return 'it is a text of XML or SVG'
    try:
        text = head[:512].decode('ascii')
    except UnicodeDecodeError:
        return ''
    plain = text.replace('\n', '').replace('\r', '').replace('\t', '').isprintable()
    # Some formats of images are text: P1 to P6 of Netpbm, XBM and XPM.
    return 'it is a text file' if plain and not re.match(r'P[1-7]\s|#define|/\* XPM', text) else ''
