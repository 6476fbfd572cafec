"""Looking at what a pipeline's loader makes of an image file: is it what the file holds?"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .image_folders import is_remote
from .image_loader import ImageLoader, why_unreadable
from .image_remarks import DAMAGED, LOST, Remark, remarks_on
from .pixels import contiguous, grey_thumbnail


@dataclass(frozen=True, slots=True)
class Look:
    """An image as a loader gives it.

    Args:
        error: why it cannot be loaded; None: it can.
        remarks: what is odd about it.
        content: hash of the file; b'' where it is not on a disk.
        pixels: hash of the loaded pixels.
        small: 8 x 8 bytes, the image in grey, to be compared with others.
    """

    error: str | None = None
    remarks: list[Remark] = field(default_factory=list)
    content: bytes = b''
    pixels: bytes = b''
    small: bytes = b''

    @property
    def damage(self) -> str | None:
        """Why an image that was loaded should not be used; None: it is whole."""
        return next((r.what for r in self.remarks if r.kind == DAMAGED), None)

    @property
    def lost(self) -> Remark | None:
        """That the loaded image no longer shows what its file does, or nothing; None: it does."""
        return next((r for r in self.remarks if r.kind in LOST), None)


def look_at(path: str, load: ImageLoader) -> Look:
    """Loads an image and compares it with what its file holds.

    Args:
        path: of the image.
        load: the loader.
    """
    try:
        content = b'' if is_remote(path) else Path(path).read_bytes()
        image = load(path)
        if not image.size:
            raise ValueError(f'it has no pixels, its shape is {image.shape}')
        image = contiguous(image)
    except Exception as error:  # decoders raise many kinds on hostile files
        return Look(why_unreadable(path, error))
    remarks = remarks_on(content, image, load)
    pixels = hashlib.blake2b(str(image.shape).encode(), digest_size=16)
    pixels.update(image.data)
    digest = hashlib.sha256(content).digest() if content else b''
    return Look(None, remarks, digest, pixels.digest(), grey_thumbnail(image, 8).tobytes())
