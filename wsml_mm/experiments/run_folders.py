"""Work folders: names that stay within them, and a lock against a second training there."""

from __future__ import annotations

import contextlib
import errno
import os
import unicodedata
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

from filelock import FileLock, Timeout
from mmengine.config import Config
from mmengine.dist import is_main_process

from wsml_mm.labels.files import is_plain_name, writing

LOCK_FILE = '.lock'
_PATIENCE = 6.0  # seconds: loader processes outlive a killed training by five, with its lock
_LONGEST = 200  # bytes of a name, which others are made of
_UNLOCKABLE = (errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK)  # network disks without locks
# Where the launchers say which process this is, before it is connected to the others.
_RANKS = {'pytorch': 'RANK', 'slurm': 'SLURM_PROCID', 'mpi': 'OMPI_COMM_WORLD_RANK'}


def method_key(name: str) -> str:
    """Returns a method's name as it stands in names of files."""
    return name.replace(' ', '-').lower()


def protocol_folder(name: str) -> str:
    """Returns the folder of a protocol's runs, below that of a suite."""
    return name.replace('/', '_')


def check_file_name(name: str, what: str) -> None:
    """Refuses a name that is no name of a file in the work folder.

    Args:
        name: of a method, as it stands in names of files.
        what: it is, with the name as it was given, for the message.

    Raises:
        ValueError: naming it.
    """
    if not is_plain_name(name) or name.strip('.') == '':
        raise ValueError(f'{what}: its runs would lie outside the work folder; rename')
    if not name.isprintable():
        raise ValueError(f'{what}: holds a control sign, which cannot stand in a file name; rename')
    if len(os.fsencode(name)) > _LONGEST:
        raise ValueError(f'{what}: is too long for the name of a folder; rename')


def same_file_name(names: Sequence[str]) -> tuple[int, int] | None:
    """Returns the positions of two names that some file system takes for one; None: all differ.

    Such are equal, or differ by upper and lower case, or by how an accented letter is written.
    """
    seen: dict[str, int] = {}
    for place, name in enumerate(names):
        first = seen.setdefault(unicodedata.normalize('NFKC', name).casefold(), place)
        if first != place:
            return first, place
    return None


@contextlib.contextmanager
def claimed(folder: str | os.PathLike[str], what: str = 'comparison') -> Iterator[None]:
    """Holds a work folder against every other training or comparison, until the process ends.

    Args:
        folder: to make if it is missing.
        what: is done there, for the message.

    Raises:
        ValueError: if it is held.
        OSError: if it cannot be written.
    """
    folder = Path(folder)
    lock = FileLock(folder / LOCK_FILE)
    with writing(folder, 'give another --work-dir'):
        folder.mkdir(parents=True, exist_ok=True)
    try:
        lock.acquire(timeout=_PATIENCE)
    except Timeout as error:
        raise ValueError(
            f'{folder}: another {what} is running there; wait for it, or give another --work-dir'
        ) from error
    except (OSError, NotImplementedError) as error:
        if isinstance(error, OSError) and error.errno not in _UNLOCKABLE:
            with writing(folder, 'give another --work-dir'):
                raise
        warnings.warn(
            f'{folder}: this disk has no locks; start no second {what} there', stacklevel=3
        )
    try:
        yield
    finally:
        lock.release()


def claimed_by_training(cfg: Config) -> contextlib.AbstractContextManager[None]:
    """Holds the work folder of a config for its training; the first of several ranks does.

    Args:
        cfg: of the training.
    """
    rank = os.environ.get(_RANKS.get(cfg.get('launcher', 'none'), ''), '0')
    if rank != '0' or not is_main_process():
        return contextlib.nullcontext()
    return claimed(cfg.work_dir, 'training')
