"""Archives of data sets: checksums, and unpacking that is safe, interruptible and repeatable."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from wsml_mm.labels.files import one_line, writing

from .members import Member, Refused, tar_members, zip_members

Progress = Callable[[int], object]
_DRAFT = '.unpacking-'  # begins the names of the draft folder and of its lock


def file_checksum(path: Path, algorithm: str, progress: Progress = lambda _: None) -> str:
    """Returns the hexadecimal checksum of a file.

    Args:
        path: of the file.
        algorithm: 'md5', 'sha256' or another of hashlib.
        progress: called with the number of bytes read so far.
    """
    digest, done = hashlib.new(algorithm), 0
    with path.open('rb') as file:
        while block := file.read(1 << 20):
            digest.update(block)
            progress(done := done + len(block))
    return digest.hexdigest()


def unpack(archive: Path, folder: Path, progress: Progress = lambda _: None) -> None:
    """Unpacks a .zip, .tar, .tgz or .tar.gz; its files appear whole or not at all.

    They are unpacked beside their place and renamed when all are there. An unpacking that was
    interrupted is begun anew by the next one.

    Args:
        archive: to unpack; it stays.
        folder: to unpack into. Files of the same names are replaced, others stay.
        progress: called with the number of bytes of the archive read so far.

    Raises:
        ValueError: if the archive is damaged, one of its files would leave the folder, or it holds
            anything but regular files and folders, each once.
        OSError: if there is no room, or the folder cannot be written.
    """
    from filelock import FileLock  # slow to import, seldom used

    draft = _draft(archive, folder)
    with writing(folder, 'free some space, or give another --root'):
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(f'{draft}.lock'):
            shutil.rmtree(draft, ignore_errors=True)  # of one that was killed
            try:
                draft.mkdir()
                _extract(archive, draft, progress)
                _move(draft, folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)


def is_half_unpacked(archive: Path, folder: Path) -> bool:
    """Tells whether an unpacking of an archive into a folder was killed, or is going on."""
    return _draft(archive, folder).is_dir()


def _draft(archive: Path, folder: Path) -> Path:
    return folder / f'{_DRAFT}{archive.name}'


def _extract(archive: Path, draft: Path, progress: Progress) -> None:
    try:
        with archive.open('rb') as raw:
            for member in _fitting(archive, raw, shutil.disk_usage(draft).free):
                _write(member, draft, archive)
                progress(raw.tell())
    except Refused as error:
        raise ValueError(
            f"{archive}: {error}, so nothing is unpacked; this is not the owners' archive, "
            'download it again'
        ) from error
    except Exception as error:  # zipfile, tarfile and zlib raise many kinds on damaged files
        if isinstance(error, OSError) and not isinstance(error, gzip.BadGzipFile):
            raise  # of the disk
        raise ValueError(
            f'{archive}: is damaged or incomplete ({one_line(error)}); download it again'
        ) from error


def _fitting(archive: Path, raw: IO[bytes], free: int) -> Iterator[Member]:
    """Yields the members as long as there is room for them; of a .zip all are known beforehand."""
    if archive.name.endswith('.zip'):
        listed = zip_members(raw)
        _check_room(archive, sum(member.size for member in listed), free)
        yield from listed
        return
    needed = 0
    for member in tar_members(raw):
        _check_room(archive, needed := needed + member.size, free)
        yield member


def _check_room(archive: Path, needed: int, free: int) -> None:
    if needed > free:
        raise OSError(
            f'{archive}: unpacks to {needed:,} bytes, but {free:,} are free; free some space, '
            'or give another --root'
        )


def _write(member: Member, draft: Path, archive: Path) -> None:
    parts = member.parts()
    path = draft.joinpath(*parts)
    if parts and (parts[0].startswith(_DRAFT) or draft.parent / parts[0] == archive):
        raise Refused(f'its file {member.name!r} would replace what it is unpacked with')
    try:
        (path if member.open is None else path.parent).mkdir(parents=True, exist_ok=True)
        file = None if member.open is None else path.open('xb')
    except (FileExistsError, NotADirectoryError) as error:
        raise Refused(f'it holds {member.name!r} twice') from error
    if file is None or member.open is None:
        return
    with file, member.open() as content:
        shutil.copyfileobj(content, file, 1 << 20)
        if file.tell() != member.size:
            raise EOFError(f'{member.name!r} has {file.tell():,} bytes of {member.size:,}')


def _move(draft: Path, folder: Path) -> None:
    """Moves what is in `draft` into `folder`, whole folders at a time where they are new."""
    for entry in sorted(draft.iterdir()):
        target = folder / entry.name
        if entry.is_dir() and target.is_dir():
            _move(entry, target)
        else:
            os.replace(entry, target)
