"""Image files of a data set: those that are missing, cannot be decoded, or are there twice."""

from __future__ import annotations

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from pathlib import Path

from PIL import Image

from wsml_mm.datasets.images import FolderLists, image_error

_CHUNK = 256  # images handed out at a time
_HINTS = 20  # missing files that are looked for under a similar name


@dataclass
class ImageFiles:
    """What became of a data set's image files.

    Args:
        missing: positions of images without a file, each with a name that may be meant, or ''.
        unreadable: positions of files that cannot be decoded, each with the reason.
        twins: groups of positions with byte-identical files under different names.
        decoded: whether the last two were looked for.
    """

    missing: dict[int, str] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    twins: list[list[int]] = field(default_factory=list)
    decoded: bool = False


def check_files(path: Callable[[int], str], count: int, decode: bool = False) -> ImageFiles:
    """Looks at every image file of a data set.

    Args:
        path: returns the file of a position.
        count: N.
        decode: also read and decode each file.
    """
    from rich.progress import track

    found, folders = ImageFiles(decoded=decode), FolderLists()
    for index in track(range(count), f'looking for {count} images', transient=True):
        if not folders.have(path(index)):
            found.missing[index] = ''
    for index in list(found.missing)[:_HINTS]:
        found.missing[index] = _similar(folders, path(index))
    if decode:
        _decode_all(path, [index for index in range(count) if index not in found.missing], found)
    return found


def _decode_all(path: Callable[[int], str], indices: Sequence[int], found: ImageFiles) -> None:
    from rich.progress import track

    same = defaultdict(list)
    starts = range(0, len(indices), _CHUNK)
    what = f'decoding {len(indices)} images'
    with ThreadPool(os.cpu_count()) as pool:
        for start in track(starts, what, transient=True):
            part = indices[start : start + _CHUNK]
            for index, (why, digest) in zip(part, pool.map(_decoded, map(path, part)), strict=True):
                if why is not None:
                    found.unreadable[index] = why
                else:
                    same[digest].append(index)
    for group in same.values():
        one_each = list({os.path.normpath(path(index)): index for index in group}.values())
        if len(one_each) > 1:
            found.twins.append(one_each)


def _decoded(file: str) -> tuple[str | None, bytes]:
    """Returns why a file cannot be decoded, or None, and the hash of its content."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        return str(error.strerror), b''
    return image_error(io.BytesIO(content)), hashlib.sha256(content).digest()


def _similar(folders: FolderLists, path: str) -> str:
    """Returns a file of the same folder that differs in case or suffix only, or ''."""
    folder, name = os.path.split(path)
    stem = os.path.splitext(name)[0].casefold()
    parts = [(file, *os.path.splitext(file.casefold())) for file in folders.files(folder)]
    known = Image.registered_extensions()
    near = [file for file, begin, suffix in parts if begin == stem and suffix in known]
    return min(near, key=lambda f: (f.casefold() != name.casefold(), f), default='')
