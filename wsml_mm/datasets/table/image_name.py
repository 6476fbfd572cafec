"""Names of images in a table: below the image folder, and spelt in one way."""

from __future__ import annotations

import posixpath
import re

from .cells import UNPRINTABLE, Wrong

# What `files.lies_below` would let pass, an absolute name below the data, is refused here, so that
# a table can be moved; so is a backslash, which separates folders on one system only.
_OUTSIDE = re.compile(r'^/|\\|(?:^|/)\.\.(?:/|$)|^[A-Za-z]:/|://')
_UNTIDY = re.compile(r'(?:^|/)\.?/')
_ODD = re.compile('|'.join(part.pattern for part in (_OUTSIDE, _UNTIDY, UNPRINTABLE)))


def image_name(name: object) -> str | Wrong:
    """Returns a row's image in its tidy spelling, so that none is there under two, or the fault.

    Args:
        name: as it stands in the file.
    """
    if isinstance(name, str) and name and not _ODD.search(name) and name == name.strip():
        return name
    if not isinstance(name, str | None):
        return Wrong('broken row', f'image {str(name)[:40]!r} is no text', 'name a file')
    name = (name or '').strip()
    if not name:
        return Wrong('no image', 'the row names no image', 'name one, or remove the row')
    if UNPRINTABLE.search(name):
        what = f'image name {name[:80]!r} holds a control sign'
        return Wrong('image outside', what, 'write the name alone')
    if _OUTSIDE.search(name):
        what = f'image name {name[:80]!r} leaves the image folder'
        return Wrong('image outside', what, 'name a file below it, folders separated by "/"')
    return posixpath.normpath(name)
