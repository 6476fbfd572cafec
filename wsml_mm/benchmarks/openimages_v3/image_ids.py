"""Image ids of OpenImages, 64-bit numbers that files write as 16 lower-case hex digits."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.names import NameColumn

DIGITS = 16
_SUFFIX = '.jpg\0'
_NAME = re.compile(r'[0-9a-f]{16}\.jpg')


def parse_ids(text: str) -> NDArray[np.uint64] | None:
    """Returns the ids that a text holds without separators; None: it is not such a text."""
    try:
        numbers = bytes.fromhex(text)
    except ValueError:
        return None
    # Upper case and white space are read as well, but name other files.
    if numbers.hex() != text or len(text) % DIGITS:
        return None
    return np.frombuffer(numbers, '>u8').astype(np.uint64)


def format_ids(ids: NDArray[np.uint64], before: str, after: str) -> NDArray[np.uint8]:
    """Returns each id as text between two others, (N, bytes).

    Args:
        ids: (N,) in any order.
        before: ASCII text, the same for all.
        after: ASCII text, the same for all.
    """
    digits = np.frombuffer(ids.astype('>u8').tobytes().hex().encode(), np.uint8)
    text = np.empty((len(ids), len(before) + DIGITS + len(after)), np.uint8)
    text[:, : len(before)] = np.frombuffer(before.encode('ascii'), np.uint8)
    text[:, len(before) : len(before) + DIGITS] = digits.reshape(-1, DIGITS)
    text[:, len(before) + DIGITS :] = np.frombuffer(after.encode('ascii'), np.uint8)
    return text


def image_names(ids: NDArray[np.uint64]) -> NameColumn:
    """Returns the file names of images, `<id>.jpg`."""
    text = format_ids(ids, '', _SUFFIX)
    return NameColumn(text.reshape(-1), np.arange(1, len(ids) + 1) * text.shape[1])


def ids_of(names: NameColumn) -> NDArray[np.uint64]:
    """Returns the ids of images whose names are `<id>.jpg`."""
    digits = names.text.reshape(-1, DIGITS + len(_SUFFIX))[:, :DIGITS]
    ids = parse_ids(digits.tobytes().decode('ascii'))
    assert ids is not None
    return ids


def downloaded_ids(folder: Path) -> NDArray[np.uint64]:
    """Returns the ids of the images in a folder, ascending; an empty file is not an image."""
    from rich.progress import track

    found = track(_listed(folder), f'looking into {folder}', total=None, transient=True)
    return np.unique(np.fromiter(found, np.uint64))


def _listed(folder: Path) -> Iterator[int]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if _NAME.fullmatch(entry.name) and entry.stat().st_size:
                yield int(entry.name[:DIGITS], 16)
