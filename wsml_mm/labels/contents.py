"""Digests of what files hold, remembered by size and time so that no file is read twice."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from pathlib import Path
from typing import Any

from .checksums import check_seal, seal
from .files import one_line, write_durably

_FORMAT = 2
_BLOCK = 512  # images whose content stands under one stamp
_CHUNK = 1 << 20  # bytes read at a time


class Contents:
    """Knows what files hold; each is read once, and again only where its size or time changed.

    A stamp covers one file, or a block of 512 images: their names, sizes and times of last change
    (nanoseconds), and the folder. Where a stamp is known, nothing is read. So it is noticed

    - if an image or file is added, removed, renamed, or changed in size,
    - if its time of last change differs and its bytes do as well (a mere touch costs one reading
      of the block and changes nothing).

    Not noticed is a change that keeps size and time, which `Verification` finds, and one in a file
    that is not local ('s3://...'): of those only the name counts.

    Args:
        path: JSON file in which the stamps are kept between calls; None: nowhere.

    Raises:
        ValueError: if the file is damaged.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._known: dict[str, str] = {}
        self._new = False
        if path is not None and path.is_file():
            self._known = _read(path)

    def file(self, path: str | os.PathLike[str]) -> str:
        """Returns the digest of one file's bytes; its name does not count."""
        stamp = _digest('file', os.path.abspath(path), _state(os.fspath(path)))
        if stamp not in self._known:
            self._learn(stamp, _content(os.fspath(path)), os.fspath(path))
        return self._known[stamp]

    def images(self, paths: Sequence[str]) -> str:
        """Returns the digest of images, their names without folders and their bytes, in order."""
        here = os.getcwd()
        blocks = [paths[first : first + _BLOCK] for first in range(0, len(paths), _BLOCK)]
        stamps = [
            _digest('images', '' if os.path.isabs(block[0]) else here,
                    [[path, *_state(path)] for path in block])
            for block in blocks
        ]  # fmt: skip
        named = dict(zip(stamps, blocks, strict=True))
        unread = {stamp: block for stamp, block in named.items() if stamp not in self._known}
        found = _read_blocks([*unread.values()])
        for (stamp, block), digest in zip(unread.items(), found, strict=True):
            self._learn(stamp, digest, _named(block))
        return _digest(len(paths), [self._known[stamp] for stamp in stamps])

    def made(self, of: Sequence[str], files: Sequence[str], make: Callable[[], str]) -> str:
        """Returns the digest of something; made again only where a file's size or time changed.

        Args:
            of: all else that it depends on.
            files: that it is made from.
            make: returns the digest.
        """
        stamp = _digest('made', [*of], [[os.path.abspath(path), *_state(path)] for path in files])
        if stamp not in self._known:
            self._learn(stamp, make(), ', '.join(files))
        return self._known[stamp]

    def save(self) -> None:
        """Writes the stamps, if there are new ones."""
        if self.path is None or not self._new:
            return
        content = {'format': _FORMAT, 'digest_by_stamp': self._known}
        write_durably(self.path, seal(content, indent=0).encode())
        self._new = False

    def _learn(self, stamp: str, digest: str, what: str) -> None:
        self._known[stamp] = digest
        self._new = True


class Verification(Contents):
    """Reads everything once, and compares it with what kept stamps say.

    Args:
        paths: files of stamps.

    Attributes:
        differing: what has changed and kept its size and time, each with the file of stamps.
        compared: the number of stamps that were found in a file.
    """

    def __init__(self, paths: Iterable[Path] = ()) -> None:
        super().__init__()
        self._kept = [Contents(path) for path in paths]
        self.differing: list[tuple[str, Path]] = []
        self.compared = 0

    def _learn(self, stamp: str, digest: str, what: str) -> None:
        super()._learn(stamp, digest, what)
        for kept in self._kept:
            known = kept._known.get(stamp)
            self.compared += known is not None
            if known not in (None, digest) and kept.path is not None:
                self.differing.append((what, kept.path))


def _named(block: Sequence[str]) -> str:
    """Returns images that stand under one stamp, for messages."""
    return block[0] if len(block) == 1 else f'one of {len(block)} images, {block[0]} to {block[-1]}'


def _read(path: Path) -> dict[str, str]:
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        known: dict[str, str] = dict(content['digest_by_stamp'])
        if content['format'] == _FORMAT:
            check_seal(content)
        else:  # of another version: all is read again
            known = {}
        return known
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f'{path}: is damaged ({one_line(error)}); delete it') from error


def _digest(*parts: Any) -> str:
    return blake2b(json.dumps(parts).encode(), digest_size=12).hexdigest()


def _state(path: str) -> tuple[int, int]:
    """Returns size and time of last change; of a file that is not there (-1, -1)."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return -1, -1
    return status.st_size, status.st_mtime_ns


def content_digest(path: str | os.PathLike[str]) -> str:
    """Returns the digest of a file's bytes.

    Raises:
        OSError: if it cannot be read.
    """
    digest = blake2b(digest_size=12)
    with open(path, 'rb') as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _content(path: str) -> str:
    try:
        return content_digest(path)
    except (OSError, ValueError):
        return 'missing'  # a training names it in a message of its own


def _read_blocks(blocks: Sequence[Sequence[str]]) -> list[str]:
    """Returns the digest of each block of images, reading several at a time."""
    from rich.progress import track

    def one(block: Sequence[str]) -> str:
        return _digest([[os.path.basename(path), _content(path)] for path in block])

    with ThreadPoolExecutor(8) as pool:
        found = pool.map(one, blocks)
        title = f'reading {sum(map(len, blocks))} images, once'
        return list(track(found, title, len(blocks), disable=len(blocks) < 8))
