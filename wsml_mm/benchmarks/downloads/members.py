"""What an archive holds, as far as it may be unpacked: regular files and folders, each once.

Links, devices and the like are refused rather than filtered: what Python's own filters let through
has differed from release to release (CVE-2025-4517), and no owner of a data set hands them out.
"""

from __future__ import annotations

import ntpath
import os
import stat
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import PurePosixPath
from typing import IO, Any, NamedTuple

from wsml_mm.labels.files import lies_below

_LONGEST = 255  # bytes of a name, on all usual file systems
_GZIP = b'\x1f\x8b'


class Refused(ValueError):
    """An archive holds what its owners would not hand out; the message says what and why."""


class Member(NamedTuple):
    """A file or folder of an archive.

    Attributes:
        name: as it stands in the archive.
        size: in bytes, as the archive says.
        open: returns the content; None: it is a folder.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]] | None

    def parts(self) -> tuple[str, ...]:
        """Returns the names of the folders and of the file; of the folder itself none.

        Raises:
            Refused: if they lead out of the folder, or are no usual names.
        """
        parts = PurePosixPath(self.name).parts
        if not lies_below(self.name, []) or '\\' in self.name or ntpath.splitdrive(self.name)[0]:
            raise Refused(f'its file {self.name!r} would leave the folder')
        if any(ord(sign) < 32 or ord(sign) == 127 for sign in self.name):
            raise Refused(f'the name {self.name!r} holds a control sign')
        if any(len(os.fsencode(part)) > _LONGEST for part in parts):
            raise Refused(f'the name {self.name[:40]!r}... is too long')
        return parts


def zip_members(raw: IO[bytes]) -> list[Member]:
    """Returns what a .zip holds.

    Raises:
        Refused: if there is anything but files and folders.
    """
    opened = zipfile.ZipFile(raw)
    found = []
    for info in opened.infolist():
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise _no_file(info.filename)
        read: Any = None if info.is_dir() else partial(opened.open, info)
        found.append(Member(info.filename, info.file_size, read))
    return found


def tar_members(raw: IO[bytes]) -> Iterator[Member]:
    """Yields what a .tar or .tar.gz holds; each is to be read before the next is asked for.

    Raises:
        Refused: if there is anything but files and folders.
        tarfile.ReadError: if its end is missing.
    """
    packed = raw.read(len(_GZIP)) == _GZIP
    raw.seek(0)
    with tarfile.open(fileobj=raw, mode='r:gz' if packed else 'r:') as opened:
        for info in opened:
            regular = info.type in (tarfile.REGTYPE, tarfile.AREGTYPE) and not info.issparse()
            if not (regular or info.isdir()):
                raise _no_file(info.name)
            read: Any = partial(opened.extractfile, info) if regular else None
            yield Member(info.name, info.size, read)
        # A file cut between two members would pass for whole: look for the block that ends it.
        assert opened.fileobj is not None
        opened.fileobj.seek(opened.offset)
        if len(opened.fileobj.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError('its end is missing')


def _no_file(name: str) -> Refused:
    return Refused(f'{name!r} is neither a regular file nor a folder (a link, a device)')
