"""Archives of data sets: checksums, and unpacking that is safe, interruptible and repeatable."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO

from wsml_mm.labels.files import lies_below, one_line, writing

Progress = Callable[[int], object]


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
        ValueError: if the archive is damaged, or one of its files would leave the folder.
        OSError: if there is no room, or the folder cannot be written.
    """
    from filelock import FileLock  # slow to import, seldom used

    draft = folder / f'.unpacking-{archive.name}'
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


def _extract(archive: Path, draft: Path, progress: Progress) -> None:
    broken = (zipfile.BadZipFile, tarfile.ReadError, EOFError, zlib.error, NotImplementedError)
    try:
        with archive.open('rb') as raw:
            if archive.name.endswith('.zip'):
                _extract_zip(archive, raw, draft, progress)
            else:
                _extract_tar(archive, raw, draft, progress)
    except (*broken, RuntimeError) as error:
        raise ValueError(
            f'{archive}: is damaged or incomplete ({one_line(error)}); download it again'
        ) from error


def _extract_zip(archive: Path, raw: IO[bytes], draft: Path, progress: Progress) -> None:
    with zipfile.ZipFile(raw) as opened:
        members = opened.infolist()
        free = shutil.disk_usage(draft).free
        if (needed := sum(member.file_size for member in members)) > free:
            raise OSError(
                f'{archive}: unpacks to {needed:,} bytes, but {free:,} are free; free some space, '
                'or give another --root'
            )
        for member in members:
            _check_name(archive, member.filename)
            opened.extract(member, draft)
            progress(raw.tell())


def _extract_tar(archive: Path, raw: IO[bytes], draft: Path, progress: Progress) -> None:
    if not hasattr(tarfile, 'data_filter'):
        raise ValueError(
            f'{archive}: this Python cannot unpack it safely; take 3.10.12, 3.11.4 or a newer one, '
            'or unpack it by hand'
        )
    with tarfile.open(fileobj=raw) as opened:
        for member in opened:
            _check_name(archive, member.name)
            try:
                opened.extract(member, draft, filter='data')
            except tarfile.FilterError as error:
                raise ValueError(f'{_unsafe(archive, member.name)} ({one_line(error)})') from error
            progress(raw.tell())
        # A file cut between two members would pass for whole: look for the block that ends it.
        assert opened.fileobj is not None
        opened.fileobj.seek(opened.offset)
        if len(opened.fileobj.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError('its end is missing')


def _check_name(archive: Path, name: str) -> None:
    if not lies_below(name, []) or '\\' in name:
        raise ValueError(_unsafe(archive, name))


def _unsafe(archive: Path, name: str) -> str:
    return (
        f'{archive}: its file {name!r} would leave the folder, so nothing is unpacked; this is not '
        "the owners' archive, download it again"
    )


def _move(draft: Path, folder: Path) -> None:
    """Moves what is in `draft` into `folder`, whole folders at a time where they are new."""
    for entry in sorted(draft.iterdir()):
        target = folder / entry.name
        if entry.is_dir() and not entry.is_symlink() and target.is_dir():
            _move(entry, target)
        else:
            os.replace(entry, target)
