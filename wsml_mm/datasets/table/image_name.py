"""Names of image files: tidy, below the image folder, and each image under one name only."""

from __future__ import annotations

import posixpath
import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from .classes import UNPRINTABLE
from .problem import RowError, RowErrors

# What `files.lies_below` would let pass, an absolute name below the data, is refused here, so that
# a table can be moved; so is a backslash, which separates folders on one system only.
_OUTSIDE = re.compile(r'^/|\\|(?:^|/)\.\.(?:/|$)|^[A-Za-z]:/|://')
# All names that `image_name` would change or refuse, but for blanks around them.
_ODD = rf'^$|{_OUTSIDE.pattern}|(?:^|/)\.?/|[\x00-\x1f\x7f]'


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


def tidy_images(
    names: pa.Array, lines: NDArray[np.int64], errors: RowErrors, suffix: str = ''
) -> pa.Array:
    """Returns the tidy names of N images, null where a row names none.

    Args:
        names: as they stand in the file, or null.
        lines: (N,) where each row begins.
        errors: takes those of the names.
        suffix: is added to names that do not end with it.
    """
    names = names.fill_null('')
    odd = pc.or_(
        pc.match_substring_regex(names, _ODD), pc.not_equal(names, pc.utf8_trim_whitespace(names))
    )
    places = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    if len(places):
        tidy = names.to_pylist()
        for row in places:
            found = image_name(tidy[row])
            if isinstance(found, RowError):
                errors.add(int(lines[row]), found)
                tidy[row] = None
            else:
                tidy[row] = found
        names = pa.array(tidy, pa.string())
    if suffix:
        whole = pc.ends_with(pc.utf8_lower(names), suffix.lower())
        names = pc.if_else(whole, names, pc.binary_join_element_wise(names, suffix, ''))
    return names
