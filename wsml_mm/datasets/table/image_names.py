"""Names of images in a table made names of files: without address or upload mark, with suffix."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from wsml_mm.labels.files import IMAGE_SUFFIXES

from .layout import Batch, TableFormat
from .problem import RowError, RowErrors

_ADDRESS = r'^\s*(/|[A-Za-z]:[/\\])|://'
_UPLOAD = re.compile(r'^[0-9a-f]{8}-')  # what Label Studio puts before the name of an upload


def file_name(name: str, layout: TableFormat) -> str:
    """Returns the name of the file that a table's image is.

    Args:
        name: as it stands in the table: a path, or an address such as /data/upload/1/x-cat.jpg.
        layout: `image_names` and `suffix` say what to do.
    """
    name = name.strip()
    if layout.image_names != 'path':
        if '://' in name or name.startswith('/data/'):
            parts = urlsplit(name)
            name = parse_qs(parts.query).get('d', [unquote(parts.path)])[0]
        name = re.split(r'[/\\]', name)[-1]
        if layout.image_names == 'original':
            name = _UPLOAD.sub('', name)
    known = PurePosixPath(name).suffix.lower() in (*IMAGE_SUFFIXES, layout.suffix.lower())
    if name and not known:
        name += layout.suffix
    return name


class ImageNames:
    """Names the files of a table's images, and finds two images that would become one.

    Args:
        layout: how to read the table.
        errors: takes those of images.
    """

    def __init__(self, layout: TableFormat, errors: RowErrors) -> None:
        self.layout, self.errors = layout, errors
        self._origin: dict[str, str] = {}

    def __call__(self, batch: Batch) -> Batch:
        """Returns the rows with the names of their files."""
        if self.layout.image_names == 'path':
            batch = self._without_addresses(batch)
            if not self.layout.suffix:
                return batch
        found: list[str | None] = []
        for line, name in zip(batch.lines.tolist(), batch.images.to_pylist(), strict=True):
            file = name and file_name(name, self.layout)
            if file and self._origin.setdefault(file, name) != name:
                other = self._origin[file]
                what = f'{name[:80]!r} would be the file {file!r}, as {other[:80]!r} is'
                fix = "give the two other names, or say image_names='path'"
                self.errors.add(line, RowError('two images of one name', what, fix), name)
            found.append(file)
        return batch._replace(images=pa.array(found, pa.string()))

    def _without_addresses(self, batch: Batch) -> Batch:
        elsewhere = pc.match_substring_regex(batch.images.fill_null(''), _ADDRESS)
        places = np.flatnonzero(elsewhere.to_numpy(zero_copy_only=False))
        for row in places:
            name = batch.images[row].as_py()
            what = f'image name {name[:80]!r} is outside the image folder'
            fix = "name a file below it, or say image_names='file' for its last part"
            if name.startswith('/data/'):
                fix = "say image_names='file', or 'original' for an upload's first name"
            self.errors.add(int(batch.lines[row]), RowError('image outside', what, fix))
        if not len(places):
            return batch
        here = pc.invert(elsewhere)
        columns = (column.filter(here) for column in batch[1:])
        return Batch(np.delete(batch.lines, places), *columns)
