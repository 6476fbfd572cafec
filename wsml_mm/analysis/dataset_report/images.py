"""Image files of a data set: those that are missing, cannot be decoded, or are there twice."""

from __future__ import annotations

import hashlib
import io
import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from multiprocessing.pool import ThreadPool
from pathlib import Path

from wsml_mm.datasets.images import why_unreadable

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
        path: tells the file of a position.
        count: N.
        decode: also read and decode each file.
    """
    found, same = ImageFiles(decoded=decode), defaultdict(list)
    for index, why, digest in _looked_at(path, count, decode):
        if why is None:
            same[digest].append(index)
        elif why:
            found.unreadable[index] = why
        else:
            found.missing[index] = ''
    listings: dict[Path, dict[str, str]] = {}
    for index in list(found.missing)[:_HINTS]:
        found.missing[index] = _similar_file(Path(path(index)), listings)
    if decode:
        groups = (list({os.path.normpath(path(i)): i for i in g}.values()) for g in same.values())
        found.twins = [group for group in groups if len(group) > 1]
    return found


def _looked_at(
    path: Callable[[int], str], count: int, decode: bool
) -> Iterator[tuple[int, str | None, bytes]]:
    """Yields position, fault ('' missing, None: none) and content hash of each file."""
    from rich.progress import track

    def look(index: int) -> tuple[int, str | None, bytes]:
        file = path(index)
        if not os.path.isfile(file):
            return index, '', b''
        return (index, *_decoded(file)) if decode else (index, None, b'')

    what = f'{"decoding" if decode else "looking for"} {count} images'
    starts = range(0, count, _CHUNK)
    with ThreadPool(os.cpu_count()) as pool:
        for start in track(starts, description=what, transient=True):
            yield from pool.map(look, range(start, min(start + _CHUNK, count)))


def _decoded(file: str) -> tuple[str | None, bytes]:
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        return str(error.strerror), b''
    return why_unreadable(io.BytesIO(content)), hashlib.sha256(content).digest()


def _similar_file(path: Path, listings: dict[Path, dict[str, str]]) -> str:
    """Returns a file of the same folder that differs in case or suffix only, or ''."""
    folder = path.parent
    if folder not in listings:
        names = os.listdir(folder) if folder.is_dir() else []
        listings[folder] = {Path(name).stem.casefold(): name for name in names}
        listings[folder] |= {name.casefold(): name for name in names}
    known = listings[folder]
    return known.get(path.name.casefold()) or known.get(path.stem.casefold()) or ''
