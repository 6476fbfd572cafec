"""Drafts of files and folders that appear whole: named by who writes them, gone after a kill."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import time
import zlib
from pathlib import Path

_OLD = 86_400.0  # seconds after which a draft of another machine is taken for left behind
_NAME = re.compile(r'\.([0-9a-f]{8})-(\d+)\.[^.]+')  # what `draft_prefix` and `tempfile` add


def draft_prefix(target: Path) -> str:
    """Returns how the names of drafts begin that this process makes for a file or folder.

    Args:
        target: what the draft is renamed to; it lies in the same folder.
    """
    return f'.{target.name}.{_here()}-{os.getpid()}.'


def forget_drafts(target: Path) -> None:
    """Removes the drafts of a file or folder whose writer is gone; those of others stay.

    A writer on this machine is asked for by its number. A draft of another machine is taken for
    left behind after a day without a change.

    Args:
        target: as of `draft_prefix`.
    """
    begin = f'.{target.name}'
    for name in os.listdir(target.parent):
        found = _NAME.fullmatch(name[len(begin) :]) if name.startswith(begin) else None
        if found is None:
            continue
        draft = target.parent / name
        with contextlib.suppress(OSError):  # another process may be first
            gone = found[1] == _here() and not _runs(int(found[2]))
            if gone or time.time() - draft.stat().st_mtime > _OLD:
                shutil.rmtree(draft) if draft.is_dir() else draft.unlink()


def _here() -> str:
    """Returns a short name of this machine."""
    return f'{zlib.crc32(socket.gethostname().encode()):08x}'


def _runs(number: int) -> bool:
    if os.name != 'posix':  # elsewhere the question would end the process
        return True
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is another user's
        return True
    return True
