"""Reading checkpoints: whole ones only, and never anything that could run code.

Every checkpoint goes through `read_checkpoint`, those that MMEngine loads as well: the loaders of
its `CheckpointLoader` for files and downloads are replaced below.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlparse

import numpy as np
import torch
from mmengine.dist import barrier, get_dist_info
from mmengine.logging import HistoryBuffer, print_log
from mmengine.runner import CheckpointLoader
from mmengine.runner.checkpoint import get_torchvision_models

from wsml_mm.labels.files import one_line

_SEAL = b'sha256 '  # the comment of a zip file that `sealed` has closed
_LENGTH = len(_SEAL) + 64
_END = b'PK\x05\x06'  # of a zip's last record, 22 bytes with the length of a comment at their end
_BLOCK = 1 << 22
_ELSEWHERE = 'copy it again, or take another checkpoint'


def sealed(content: bytes) -> bytes:
    """Returns a checkpoint with the SHA-256 of its bytes, as the comment of its zip file.

    torch and other readers pass over it. A zip's own check sums cover what its members hold, and
    nobody checks them when a checkpoint is loaded.

    Args:
        content: of a checkpoint; what is no zip file without a comment is returned as it is.
    """
    if content[-22:-18] != _END or content[-2:] != b'\0\0':
        return content
    begin = content[:-2] + struct.pack('<H', _LENGTH) + _SEAL
    return begin + hashlib.sha256(begin).hexdigest().encode()


def damage(path: str | os.PathLike[str]) -> str | None:
    """Returns what is wrong with the bytes of a checkpoint; None: nothing that could be seen.

    A file of `sealed` is whole to the last bit; another zip file in all that it holds. Files in
    torch's formats from before 2020 have no check sums.
    """
    with open(path, 'rb') as file:
        if file.read(4) != b'PK\x03\x04':
            return None
        found = _broken_seal(file)
        if found is not None:
            return found or None
        try:
            with zipfile.ZipFile(file) as archive:
                return next(_wrong_members(archive), None)
        except Exception as error:  # of a zip file that is not whole: many kinds
            return one_line(error)


def _wrong_members(archive: zipfile.ZipFile) -> Iterator[str]:
    for member in archive.infolist():
        size, total = 0, 0
        with archive.open(member) as content:
            while block := content.read(_BLOCK):
                size, total = size + len(block), zlib.crc32(block, total)
        # What zipfile passes over, and torch would take other memory in its place: two sizes of
        # which only one is right, and the mark of a folder.
        odd = member.compress_type == zipfile.ZIP_STORED and member.compress_size != size
        odd = odd or size != member.file_size or bool(member.external_attr & 0x10)
        if odd or total != member.CRC:
            yield f'the check sum of {member.filename} is wrong'


def _broken_seal(file: BinaryIO) -> str | None:
    """Returns what is wrong with a seal, '' if nothing is, None where there is none."""
    size = file.seek(0, os.SEEK_END)
    tail_size = min(size, 22 + _LENGTH)
    file.seek(size - tail_size)
    tail = file.read()
    if tail[-22:-18] == _END and tail[-2:] == b'\0\0':
        return None
    if tail[:4] != _END or tail[22:].startswith(_SEAL) is False:
        return 'its end is missing or changed'
    digest, left = hashlib.sha256(), size - 64
    file.seek(0)
    while left > 0:
        block = file.read(min(left, _BLOCK))
        digest.update(block)
        left -= len(block)
    return '' if digest.hexdigest().encode() == tail[-64:] else 'its check sum is wrong'


def read_checkpoint(
    path: str | os.PathLike[str],
    map_location: Any = 'cpu',
    source: str = '',
    hint: str = 'check the name',
) -> Any:
    """Returns what a checkpoint holds: tensors, plain values and MMEngine's log history.

    Args:
        path: of the file.
        map_location: as for `torch.load`.
        source: the option that named it, for messages.
        hint: what to do if it is not there, for the message.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if it is damaged, no checkpoint, or holds objects that could run code.
    """
    path = os.path.expanduser(path)
    if not os.path.exists(path):
        raise FileNotFoundError(f'{source}{path}: no such checkpoint; {hint}')
    if os.path.isdir(path):
        raise ValueError(f'{source}{path}: is a folder; name the checkpoint in it, epoch_N.pth')
    if found := damage(path):
        raise ValueError(f'{source}{path}: is damaged ({found}) and not loaded; {_ELSEWHERE}')
    try:
        with torch.serialization.safe_globals(_plain_objects()):
            checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # many kinds, most with the advice to load the file unsafely
        raise ValueError(f'{source}{path}: {_why_not(error)}') from None
    if not zipfile.is_zipfile(path) and not _named_by_hash(path):
        print_log(
            f"{path}: is in torch's format of before 2020, which has no check sums: a damaged "
            'byte in it is not noticed',
            logger='current',
            level=30,
        )
    return checkpoint


def _named_by_hash(path: str | os.PathLike[str]) -> bool:
    """Tells whether a file's name ends with the beginning of its SHA-256, as of torch.hub."""
    named = re.search(r'-([0-9a-f]{8,64})\.\w+$', os.fspath(path))
    return named is not None and _sha256(path).startswith(named[1])


def _sha256(path: str | os.PathLike[str]) -> str:
    digest = hashlib.sha256()
    with open(path, 'rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _why_not(error: Exception) -> str:
    """Returns why torch could not load a file, without its advice."""
    named = re.search(r'GLOBAL ([\w.]+)', str(error))
    if named:
        return (
            f'holds the object {named[1]}, which could run code, and is not loaded; take a '
            'checkpoint of tensors and plain values, as PlainCheckpointHook writes them'
        )
    if '.tar' in str(error):
        return (
            "is in torch's .tar format of 2017, which could run code, and is not loaded; take "
            'another checkpoint'
        )
    return f'is damaged or no checkpoint ({type(error).__name__}) and not loaded; {_ELSEWHERE}'


def _plain_objects() -> list[Any]:
    """Returns what MMEngine's own checkpoints hold besides plain values: log history and arrays."""
    core: Any = np._core if hasattr(np, '_core') else np.core  # its name before numpy 2
    kinds = {type(np.dtype(code)) for code in '?bBhHiIlLqQefdSU'}
    named = [
        (function, f'numpy.{package}.multiarray.{function.__name__}')
        for function in (core.multiarray._reconstruct, core.multiarray.scalar)
        for package in ('core', '_core')
    ]
    return [HistoryBuffer, np.ndarray, np.dtype, *kinds, *named, (_statistic, 'builtins.getattr')]


def _statistic(owner: Any, name: str) -> Any:
    """Stands for `getattr`, by which a history buffer names its functions, and for no other use."""
    if owner is not HistoryBuffer or name.startswith('_'):
        raise ValueError('GLOBAL getattr')
    return getattr(owner, name)


def classes_of(checkpoint: Mapping[str, Any]) -> list[str] | None:
    """Returns the classes that a checkpoint was trained on; None: it does not say."""
    meta = checkpoint.get('meta') or {}
    found = (meta.get('dataset_meta') or {}).get('classes') or meta.get('CLASSES')
    return [str(name) for name in found] if found else None


@CheckpointLoader.register_scheme(prefixes='', force=True)  # type: ignore[untyped-decorator]
def load_from_local(filename: str, map_location: Any = None) -> Any:
    """Reads a file for MMEngine: weights of a config, load_from, resume and test."""
    return read_checkpoint(filename, map_location or 'cpu')


@CheckpointLoader.register_scheme(  # type: ignore[untyped-decorator]
    prefixes=('http://', 'https://'), force=True
)
def load_from_http(filename: str, map_location: Any = None) -> Any:
    """Downloads a file for MMEngine, once, and reads it."""
    name = os.path.basename(urlparse(filename).path)
    path = Path(torch.hub.get_dir(), 'checkpoints', name)
    rank, ranks = get_dist_info()
    if rank == 0:
        _download(filename, path)
    if ranks > 1:
        barrier()
        _download(filename, path)  # on another machine
    return read_checkpoint(path, map_location or 'cpu', f'{filename}: ')


def _download(url: str, path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.hub.download_url_to_file(url, str(path))


@CheckpointLoader.register_scheme(  # type: ignore[untyped-decorator]
    prefixes=('modelzoo://', 'torchvision://'), force=True
)
def load_from_torchvision(filename: str, map_location: Any = None) -> Any:
    """Downloads weights of torchvision for MMEngine, once, and reads them."""
    return load_from_http(get_torchvision_models()[filename.partition('://')[2]], map_location)
