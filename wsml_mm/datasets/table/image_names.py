"""Names of image files: tidy, below the image folder, and each image under one name only."""

from __future__ import annotations

import posixpath
import re
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from wsml_mm.labels.files import IMAGE_SUFFIXES

from .advice import Option, advise
from .classes import UNPRINTABLE
from .layout import TableFormat
from .problem import RowError, RowErrors

# What `files.lies_below` would let pass, an absolute name below the data, is refused here, so that
# a table can be moved; so is a backslash, which separates folders on one system only.
_OUTSIDE = re.compile(r'^/|\\|(?:^|/)\.\.(?:/|$)|^[A-Za-z]:/|://')
# All names that `image_name` would change or refuse, but for blanks around them.
_ODD = rf'^$|{_OUTSIDE.pattern}|(?:^|/)\.?/|[\x00-\x1f\x7f]'
_ADDRESS = re.compile(r'^(/|[A-Za-z]:[/\\])|://')
_UPLOAD = re.compile(r'^[0-9a-f]{8}-')  # what Label Studio puts before the name of an upload


def image_name(name: object) -> str | RowError:
    """Returns the one tidy name of a row's image, so that none is there under two, or the error.

    Args:
        name: as it stands in the file.
    """
    if not isinstance(name, str | None):
        return RowError('broken row', f'image {str(name)[:40]!r} is not text', 'name a file')
    name = (name or '').strip()
    if not name:
        return RowError('no image', 'the row names no image', 'name one, or remove the row')
    if UNPRINTABLE.search(name):
        what = f'image name {name[:80]!r} holds a control sign'
        return RowError('image outside', what, 'write the name alone')
    if _OUTSIDE.search(name):
        what = f'image name {name[:80]!r} is outside the image folder'
        return RowError('image outside', what, 'name a file below it, folders separated by "/"')
    return posixpath.normpath(name)


def file_name(name: str, image_names: str) -> str:
    """Returns the name of the file that a table's image is, without the suffix it may lack.

    Args:
        name: as it stands in the table: a path, or an address such as /data/upload/1/x-cat.jpg.
        image_names: 'path', 'file' or 'original', as of `TableFormat`.
    """
    name = name.strip()
    if image_names == 'path':
        return name
    if '://' in name or name.startswith('/data/'):
        parts = urlsplit(name)
        name = parse_qs(parts.query).get('d', [unquote(parts.path)])[0]
    name = re.split(r'[/\\]', name)[-1]
    return _UPLOAD.sub('', name) if image_names == 'original' else name


class ImageNames:
    """Names the files of a table's images, and finds two images that would become one.

    Args:
        layout: how to read the table; `image_names` and `suffix` say what to do.
    """

    def __init__(self, layout: TableFormat) -> None:
        self.kind, self.suffix = layout.image_names, layout.suffix
        known = '|'.join(re.escape(s) for s in dict.fromkeys([*IMAGE_SUFFIXES, self.suffix]) if s)
        self._whole = f'(?i)[^/](?:{known})$'
        self._origin: dict[str, str] = {}

    def __call__(self, names: pa.Array, lines: NDArray[np.int64], errors: RowErrors) -> pa.Array:
        """Returns the tidy names of N images, null where a row names none.

        Args:
            names: as they stand in the file, or null.
            lines: (N,) where each row begins.
            errors: takes those of the names.
        """
        names = names.fill_null('')
        if self.kind == 'path':
            return self._with_suffix(self._tidy(names, lines, errors))
        stated = names.to_pylist()
        found = pa.array([file_name(name, self.kind) for name in stated], pa.string())
        found = self._with_suffix(self._tidy(found, lines, errors))
        for line, file, name in zip(lines.tolist(), found.to_pylist(), stated, strict=True):
            if file and self._origin.setdefault(file, name) != name:
                other = self._origin[file]
                what = f'{name[:80]!r} would be the file {file!r}, as {other[:80]!r} is'
                fix = advise('give the two other names, or say ', Option('image_names', 'path'))
                errors.add(line, RowError('two images of one name', what, fix), name)
        return found

    def _tidy(self, names: pa.Array, lines: NDArray[np.int64], errors: RowErrors) -> pa.Array:
        odd = pc.or_(
            pc.match_substring_regex(names, _ODD),
            pc.not_equal(names, pc.utf8_trim_whitespace(names)),
        )
        places = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
        if not len(places):
            return names
        tidy = names.to_pylist()
        for row in places:
            found, stated = image_name(tidy[row]), tidy[row].strip()
            if isinstance(found, str):
                tidy[row] = found
                continue
            if self.kind == 'path' and _ADDRESS.search(stated):
                found = found._replace(fix=_address_fix(stated))
            errors.add(int(lines[row]), found)
            tidy[row] = None
        return pa.array(tidy, pa.string())

    def _with_suffix(self, names: pa.Array) -> pa.Array:
        if not self.suffix:
            return names
        whole = pc.match_substring_regex(names, self._whole)
        return pc.if_else(whole, names, pc.binary_join_element_wise(names, self.suffix, ''))


def _address_fix(name: str) -> str:
    file = Option('image_names', 'file')
    if name.startswith('/data/'):
        original = Option('image_names', 'original')
        return advise('say ', file, ', or ', original, " for an upload's first name")
    return advise('name a file below it, or say ', file, ' for its last part')
