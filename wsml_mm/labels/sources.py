"""The files that kept labels were read from: noted when they are read, compared ever after."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from .checksums import settled
from .contents import content_digest

# By its place as seen from the kept folder: size, time of last change (ns; 0: too young to be
# trusted) and digest of each file.
Noted = dict[str, list[int | str]]

_TRIES = 3
T = TypeVar('T')


def still(noted: Noted, sources: Iterable[Path], folder: Path) -> Noted | None:
    """Returns the note of files whose content is the noted one; None: it is another.

    A file is read only where its size or time is another one; one that is gone is no change, one
    that was not there when the note was made is.

    Args:
        noted: of `read_noting`.
        sources: the files.
        folder: of the kept labels.
    """
    found = {**noted}
    for name, path in _present(sources, folder):
        if name not in noted:
            return None
        size, digest = noted[name][0], noted[name][2]
        stamp = _stamp(path)
        if stamp == noted[name][:2] and stamp[1]:
            continue
        if stamp[0] != size or content_digest(path) != digest:
            return None
        found[name] = [*stamp, digest]
    return found


def differing(noted: Noted, folder: Path) -> list[Path]:
    """Returns the files that hold something else than noted, with the size and time as noted."""
    found = []
    for name, (size, time, digest) in noted.items():
        path = Path(os.path.normpath(folder / name))
        if not path.is_file():
            continue
        status = path.stat()
        same = status.st_size == size and time in (0, status.st_mtime_ns)
        if same and content_digest(path) != digest:
            found.append(path)
    return found


def read_noting(sources: Sequence[Path], folder: Path, read: Callable[[], T]) -> tuple[T, Noted]:
    """Reads files and notes what they held; where one is saved meanwhile, reads them again.

    Args:
        sources: the files.
        folder: to keep the labels in.
        read: parses the files.

    Raises:
        ValueError: if one is saved again each time.
    """
    for _ in range(_TRIES):
        before = note(sources, folder)
        found = read()
        if still(before, sources, folder) is not None:
            return found, before
    raise ValueError(
        f'{", ".join(map(str, list(sources)[:3]))}: was saved again while it was read, {_TRIES} '
        'times; wait until it is written, then start again'
    )


def note(sources: Iterable[Path], folder: Path) -> Noted:
    """Returns size, time and digest of the files that are there."""
    # The stamp first: what is saved during the reading gets another one.
    return {name: [*_stamp(path), content_digest(path)] for name, path in _present(sources, folder)}


def _present(sources: Iterable[Path], folder: Path) -> Iterable[tuple[str, Path]]:
    return [(os.path.relpath(path, folder), path) for path in sources if path.is_file()]


def _stamp(path: Path) -> list[int | str]:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns if settled(status.st_mtime_ns) else 0]
