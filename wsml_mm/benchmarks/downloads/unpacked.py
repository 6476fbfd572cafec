"""Which archive was unpacked: a corrected one must not leave the files of the old one."""

from __future__ import annotations

import json
from pathlib import Path

from wsml_mm.labels.checksums import check_seal, seal
from wsml_mm.labels.files import one_line, write_durably
from wsml_mm.labels.sources import note, still


def note_unpacked(archive: Path, folder: Path) -> None:
    """Keeps size, time and digest of an archive whose files are in a folder now."""
    text = seal({'unpacked': note([archive], folder)})
    write_durably(_mark(archive, folder), text.encode(), 'free some space there')


def is_another(archive: Path, folder: Path) -> bool:
    """Tells whether an archive holds something else than the one of its name that was unpacked.

    It is read only where its size or time has changed. Of files that were unpacked by hand, nothing
    is known.

    Raises:
        ValueError: if the mark is damaged.
    """
    mark = _mark(archive, folder)
    if not mark.is_file():
        return False
    try:
        noted = check_seal(json.loads(mark.read_text(encoding='utf-8')))['unpacked']
    except (ValueError, AttributeError) as error:
        raise ValueError(
            f'{mark}: is damaged ({one_line(error)}); delete it, and unpack the archive again if '
            'it has changed'
        ) from error
    return still(noted, [archive], folder) is None


def _mark(archive: Path, folder: Path) -> Path:
    return folder / f'.unpacked-{archive.name}.json'
