"""Image files of a data set: those that are missing, cannot be loaded, or are there twice."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from multiprocessing.pool import ThreadPool

from PIL import Image

from wsml_mm.datasets.image_folders import FolderLists, is_remote
from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.image_look import Look, look_at
from wsml_mm.datasets.image_remarks import Remark

_CHUNK = 16  # images handed out at a time


@dataclass
class ImageFiles:
    """What became of a data set's image files.

    Args:
        missing: positions of images without a file, each with a name that may be meant, or ''.
        unreadable: positions of files that cannot be loaded, each with the reason.
        remarks: positions of images that are loaded and odd, each with what is odd.
        twins: groups of positions with the same picture under different names.
        same_files: of each group, whether the files are the same byte for byte.
        looks: what was loaded, by position.
        decoded: whether images were loaded; otherwise the last four are empty.
    """

    missing: dict[int, str] = field(default_factory=dict)
    unreadable: dict[int, str] = field(default_factory=dict)
    remarks: dict[int, list[Remark]] = field(default_factory=dict)
    twins: list[list[int]] = field(default_factory=list)
    same_files: list[bool] = field(default_factory=list)
    looks: dict[int, Look] = field(default_factory=dict)
    decoded: bool = False


def check_files(
    path: Callable[[int], str], count: int, decode: bool = False, load: ImageLoader | None = None
) -> ImageFiles:
    """Looks at every image file of a data set.

    Args:
        path: returns the file of a position.
        count: N.
        decode: also load each file.
        load: the loader of the pipeline; None: that of the pipelines of this package.
    """
    from rich.progress import track

    found, folders = ImageFiles(decoded=decode), FolderLists()
    for index in track(range(count), f'looking for {count} images', transient=True):
        file = path(index)
        if not folders.have(file):
            found.missing[index] = ''
        elif not decode and (why := _refused(file)):
            found.unreadable[index] = why
    similar = _SimilarNames(folders)
    found.missing = {index: similar.of(path(index)) for index in found.missing}
    if decode:
        there = [index for index in range(count) if index not in found.missing]
        _take(found, zip(there, look_at_all(map(path, there), load, len(there)), strict=True), path)
    return found


def look_at_all(
    paths: Iterable[str], load: ImageLoader | None, count: int, what: str = 'images'
) -> Iterator[Look]:
    """Yields what becomes of each image, several at a time.

    Args:
        paths: of the images.
        load: the loader; None: that of the pipelines of this package.
        count: how many there are, and
        what: they are, for the progress bar.
    """
    from rich.progress import track

    look = partial(look_at, load=load or ImageLoader())
    with ThreadPool(os.cpu_count()) as pool:
        looks = pool.imap(look, paths, _CHUNK)
        yield from track(looks, f'loading {count} {what}', count, transient=True)


def _take(found: ImageFiles, looks: Iterable[tuple[int, Look]], path: Callable[[int], str]) -> None:
    same = defaultdict(list)
    for index, look in looks:
        if look.error is not None or look.damage is not None:
            found.unreadable[index] = look.error or str(look.damage)
            continue
        found.looks[index] = look
        if look.remarks:
            found.remarks[index] = look.remarks
        # Pictures of two things may be alike once they are white.
        same[look.pixels if look.lost is None else look.content].append(index)
    for group in same.values():
        one_each = list({os.path.normpath(path(index)): index for index in group}.values())
        if len(one_each) > 1:
            found.twins.append(one_each)
            found.same_files.append(len({found.looks[index].content for index in one_each}) == 1)


def _refused(file: str) -> str:
    """Returns why a file cannot hold an image, without a look into it; '': it may."""
    if is_remote(file):
        return ''
    try:
        size = os.stat(file).st_size
    except OSError as error:
        return str(error.strerror)
    if not size:
        return 'the file is empty'
    return '' if os.access(file, os.R_OK) else 'no permission to read it'


class _SimilarNames:
    """Finds files of the same folder that differ in case or suffix only."""

    def __init__(self, folders: FolderLists) -> None:
        self._folders = folders
        self._known = Image.registered_extensions()
        self._by_stem: dict[str, dict[str, list[str]]] = {}

    def of(self, path: str) -> str:
        """Returns a file that may be meant by a path, or ''."""
        folder, name = os.path.split(path)
        if folder not in self._by_stem:
            self._by_stem[folder] = defaultdict(list)
            for file in self._folders.files(folder):
                stem, suffix = os.path.splitext(file.casefold())
                if suffix in self._known:
                    self._by_stem[folder][stem].append(file)
        near = self._by_stem[folder].get(os.path.splitext(name)[0].casefold(), [])
        return min(near, key=lambda f: (f.casefold() != name.casefold(), f), default='')
