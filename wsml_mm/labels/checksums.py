"""Checksums of kept files: one changed bit must not become another label or another score."""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .files import json_text

CHECKSUM = 'checksum'  # the key under which a sealed text holds its own

_CHUNK = 1 << 20  # bytes read at a time
# A file that changed so short a time ago may change again without a new time of last change.
_SETTLED = 2_000_000_000  # nanoseconds; times of FAT count in two seconds
_verified: set[tuple[Any, ...]] = set()


class ChecksumError(ValueError):
    """What a kept file holds is not what was written."""


def checksum(path: str | os.PathLike[str]) -> str:
    """Returns the CRC-32 of a file: it finds every changed bit, at gigabytes a second."""
    found = 0
    with open(path, 'rb', buffering=0) as file:
        buffer = memoryview(bytearray(min(_CHUNK, os.fstat(file.fileno()).st_size) or 1))
        while count := file.readinto(buffer):
            found = zlib.crc32(buffer[:count], found)
    return f'{found:08x}'


def verify(path: str | os.PathLike[str], expected: str) -> None:
    """Refuses a file whose checksum is another one; a file at rest is read once a process.

    Raises:
        ChecksumError: if its bytes have changed since they were written.
    """
    status = os.stat(path)
    known = (os.path.abspath(path), status.st_ino, status.st_size, status.st_mtime_ns,
             status.st_ctime_ns, expected)  # fmt: skip
    if known in _verified:
        return
    begin = time.time_ns()
    if (found := checksum(path)) != expected:
        name = Path(path).name
        raise ChecksumError(f'checksum {found} of {name}, {expected} when it was written')
    if settled(max(status.st_mtime_ns, status.st_ctime_ns), begin):
        _verified.add(known)


def settled(changed: int, now: int | None = None) -> bool:
    """Tells whether a later change of a file would get another time of last change.

    Args:
        changed: time of last change in nanoseconds.
        now: the time it was looked up; None: now.
    """
    return (time.time_ns() if now is None else now) - changed > _SETTLED


def seal(content: Mapping[str, Any], indent: int | None = None) -> str:
    """Returns content as JSON with its own checksum; numbers that are not finite are null."""
    whole = json.loads(json_text(content))
    return json.dumps({**whole, CHECKSUM: _of_content(whole)}, indent=indent)


def check_seal(content: dict[str, Any]) -> dict[str, Any]:
    """Returns the content of a sealed text, parsed, without its checksum.

    Raises:
        ChecksumError: if it is not what was written.
    """
    rest = {key: value for key, value in content.items() if key != CHECKSUM}
    if content.get(CHECKSUM) != _of_content(rest):
        raise ChecksumError('it does not hold what was written')
    return rest


def _of_content(content: Mapping[str, Any]) -> str:
    return f'{zlib.crc32(json.dumps(content, sort_keys=True).encode()):08x}'
