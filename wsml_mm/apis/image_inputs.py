"""Which images are meant: files, folders, patterns, or a table that lists them."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from wsml_mm.datasets.image_folders import common_folder, is_remote, missing_images
from wsml_mm.datasets.images import refuse_wrong_folder
from wsml_mm.labels.files import IMAGE_SUFFIXES, TABLE_SUFFIXES


class ImageInputs(NamedTuple):
    """Images by name.

    `folder` is what the names are below, with a slash at its end, or ''.
    """

    folder: str
    names: list[str]

    @property
    def paths(self) -> list[str]:
        """The files."""
        return [self.folder + name for name in self.names]


def find_images(inputs: Sequence[str | os.PathLike[str]]) -> ImageInputs:
    """Returns the images that files, folders and patterns stand for, each once.

    Of a folder all images in it and below, by name. Names are below the one folder, or below the
    deepest folder that has all.

    Args:
        inputs: at least one.

    Raises:
        FileNotFoundError: if there is no such file or folder.
        ValueError: if a folder or pattern has no image.
    """
    found: dict[str, None] = {}
    for each in inputs:
        found |= dict.fromkeys(_expanded(os.fspath(each)))
    if len(inputs) == 1 and os.path.isdir(inputs[0]):
        folder = os.path.join(os.path.normpath(inputs[0]), '')
    else:
        folder = common_folder(found)
    return ImageInputs(folder, [path[len(folder) :] for path in found])


def _expanded(text: str) -> list[str]:
    if is_remote(text):
        return [text]
    if os.path.isdir(text):
        paths = sorted(str(path) for path in Path(text).rglob('*') if _is_image(path))
        if not paths:
            kinds = ', '.join(IMAGE_SUFFIXES)
            raise ValueError(f'{text}: no image in this folder or below ({kinds}); name another')
        return paths
    if os.path.isfile(text):
        return [os.path.abspath(text)]
    if glob.has_magic(text):
        paths = sorted(p for p in glob.glob(text, recursive=True) if os.path.isfile(p))
        if not paths:
            raise ValueError(f'{text}: no file is called like this; check the pattern')
        return [os.path.abspath(path) for path in paths]
    raise FileNotFoundError(f'{text}: no such image, folder or table; check its name')


def _is_image(path: Path) -> bool:
    return path.suffix.lower() in IMAGE_SUFFIXES and path.is_file()


def is_table(text: str | os.PathLike[str]) -> bool:
    """Tells whether an input is a table of images, by its suffix."""
    return Path(text).suffix.lower() in TABLE_SUFFIXES


def images_of_table(
    table: str | os.PathLike[str],
    classes: Sequence[str],
    folder: str | os.PathLike[str] | None = None,
    columns: Mapping[str, str] | None = None,
    suffix: str = '',
) -> ImageInputs:
    """Returns the images that a table lists; labels in it are not read.

    Args:
        table: any that `LabelTable` reads with `layout='images'`.
        classes: of the model.
        folder: of the images; None: that of the table.
        columns: as of `LabelTable`, e.g. `dict(image='file')`.
        suffix: added to names without one, e.g. '.jpg'.

    Raises:
        FileNotFoundError: if there is no such table.
        ValueError: if it has an error, or none of its images is in the folder.
    """
    from wsml_mm.datasets.table import ColumnNames, TableFormat, read_table

    layout = TableFormat(ColumnNames.of(columns), layout='images', suffix=suffix)
    rows = read_table(Path(table), classes, layout)
    root = os.path.join(os.fspath(Path(table).parent if folder is None else folder), '')
    found = ImageInputs(root, list(rows.columns.names))
    if len(missing_images(root, found.names)) == len(found.names):
        refuse_wrong_folder(found.paths)
    return found
