"""Where image files are: which are missing, and whether it is the folder that is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import islice

_SAMPLE = 8  # images that are looked for in another folder
_FOLDERS = 2000  # folders that are looked into


class FolderLists:
    """Knows files by the lists of their folders, which is far quicker than asking for each."""

    def __init__(self) -> None:
        self._listed: dict[str, set[str]] = {}

    def files(self, folder: str) -> set[str]:
        """Returns the names of the files of a folder; none where there is no such folder.

        A link counts as what it leads to: one that leads nowhere is no file.
        """
        if folder not in self._listed:
            names: set[str] = set()
            if os.path.isdir(folder or '.'):
                with os.scandir(folder or '.') as entries:
                    names = {entry.name for entry in entries if _is_file(entry)}
            self._listed[folder] = names
        return self._listed[folder]

    def have(self, path: str) -> bool:
        """Tells whether there is a file of this path; of one that is not on a disk, yes."""
        if is_remote(path):
            return True
        folder, name = os.path.split(path)
        return name in self.files(folder)


def is_remote(path: str) -> bool:
    """Tells whether a path is an address that MMEngine's file backends read, e.g. s3://..."""
    return '://' in path


def _is_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:  # e.g. links in a circle
        return False


def missing_images(folder: str, names: Iterable[str]) -> list[str]:
    """Returns those of the names that are no file below `folder`."""
    folders = FolderLists()
    return [name for name in names if not folders.have(os.path.join(folder, name))]


def common_folder(paths: Iterable[str]) -> str:
    """Returns the deepest folder that all paths are in, with its slash; '' where there is none."""
    paths = list(paths)
    first, last = min(paths, default=''), max(paths, default='')
    folder = first.rpartition('/')[0]
    while folder and not last.startswith(f'{folder}/'):
        folder = folder.rpartition('/')[0]
    return f'{folder}/' if folder else ''


def why_no_file(path: str) -> str:
    """Returns what is in the place of an image file, as a phrase; '' where there is nothing."""
    if os.path.islink(path) and not os.path.exists(path):
        return f'it is a link to {os.readlink(path)!r}, which is not there'
    if os.path.isdir(path):
        return 'it is a folder'
    return 'it is no regular file' if os.path.exists(path) else ''


def wrong_folder(folder: str, names: Sequence[str]) -> tuple[str, str]:
    """Returns what is wrong, and its fix, where no image of a data set is below its folder.

    Args:
        folder: that the images should be in.
        names: of all N images, below it.
    """
    shown = os.path.normpath(folder) if folder else os.getcwd()
    what = f'none of the {len(names):,} images is below {shown!r}'
    if not os.path.isdir(shown):
        what += ', which is no folder'
    meant = _folder_with(shown, names)
    if meant is None:
        return what, f'check the image folder (data_prefix, --images), e.g. for {names[0]!r}'
    return what, f'is the folder called {meant!r}?'


def _folder_with(folder: str, names: Sequence[str]) -> str | None:
    """Returns a folder nearby that has most of some of the names; None: there is none."""
    step = max(1, len(names) // _SAMPLE)
    sample = list(names)[::step][:_SAMPLE]
    parent = os.path.dirname(folder) or '.'
    near = [parent, os.path.dirname(parent), *_below(folder), *_below(parent)]
    near += [inner for outer in _below(folder) + _below(parent) for inner in _below(outer)]
    for candidate in dict.fromkeys(near[:_FOLDERS]):
        found = [os.path.isfile(os.path.join(candidate, name)) for name in sample]
        if candidate != folder and 2 * sum(found) > len(sample):
            return candidate
    return None


def _below(folder: str) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            found = [entry.path for entry in islice(entries, _FOLDERS) if entry.is_dir()]
    except OSError:
        return []
    return sorted(found)
