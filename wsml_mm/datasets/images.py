"""Reading images without silent replacement: a bad one stops the run, or is left out by name."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

from mmengine.logging import print_log
from PIL import Image

from wsml_mm.labels.files import one_line

BAD_IMAGES = ('stop', 'skip')


_HINT = (
    "repair or remove the image, or leave bad ones out with PartialLabelDataset(bad_images='skip')"
)


def run_pipeline(
    pipeline: Callable[[dict[str, Any]], Any], info: dict[str, Any], hint: str = _HINT
) -> dict[str, Any]:
    """Returns the packed sample of one image.

    Args:
        pipeline: of the dataset; ends with PackInputs.
        info: the image's annotation, with `img_path`.
        hint: what to do about an image that cannot be read, for the message.

    Raises:
        ValueError: naming the image, if it cannot be read or the pipeline drops it; another image
            in its place would carry wrong labels.
    """
    path = info.get('img_path')
    try:
        packed: dict[str, Any] | None = pipeline(info)
    except Exception as error:
        raise ValueError(f'{path}: cannot be read ({one_line(error)}); {hint}') from error
    if packed is None or 'data_samples' not in packed:
        raise ValueError(
            f'{path}: the pipeline returned no packed sample; end it with PackInputs and repair or '
            'remove the image'
        )
    return packed


class FolderLists:
    """Knows files by the lists of their folders, which is far quicker than asking for each."""

    def __init__(self) -> None:
        self._listed: dict[str, set[str]] = {}

    def files(self, folder: str) -> set[str]:
        """Returns the names of the files of a folder; none where there is no such folder."""
        if folder not in self._listed:
            names: set[str] = set()
            if os.path.isdir(folder or '.'):
                with os.scandir(folder or '.') as entries:
                    names = {entry.name for entry in entries if not entry.is_dir()}
            self._listed[folder] = names
        return self._listed[folder]

    def have(self, path: str) -> bool:
        """Tells whether there is a file of this path."""
        folder, name = os.path.split(path)
        return name in self.files(folder)


def missing_images(folder: str, names: Iterable[str]) -> list[str]:
    """Returns those of the names that are no file below `folder`."""
    folders = FolderLists()
    return [name for name in names if not folders.have(os.path.join(folder, name))]


def image_error(file: str | IO[bytes]) -> str | None:
    """Returns why an image cannot be decoded; None: it can."""
    try:
        with Image.open(file) as image:
            image.load()
    except Exception as error:  # Pillow raises many kinds on hostile files
        return one_line(error)
    return None


def find_readable(paths: Sequence[str]) -> list[bool]:
    """Decodes every image once and returns which can be read; the others are logged by name."""
    from rich.progress import track

    good, bad = [], []
    for path in track(paths, description=f'checking {len(paths)} images'):
        why = image_error(path)
        good.append(why is None)
        if why is not None:
            bad.append(f'{path} ({why})')
    if bad:
        print_log(
            f'{len(bad)} of {len(paths)} images cannot be read and are left out:\n  '
            + '\n  '.join(bad),
            logger='current',
            level=30,
        )
    return good
