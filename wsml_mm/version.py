"""The version of this package, and the newest versions of others it was tested with."""

from __future__ import annotations

import importlib
import warnings

from mmengine.utils import digit_version

__version__ = '0.2.0'

TESTED = {'torch': '2.14.1', 'mmengine': '0.10.12', 'mmpretrain': '1.3.6', 'mmcv': '2.3.6'}


def warn_above_tested() -> None:
    """Warns, once, of packages newer than the tested ones; they may work as well."""
    newer = []
    for name, tested in TESTED.items():
        found = str(importlib.import_module(name).__version__).split('+')[0]
        if digit_version(found) > digit_version(tested):
            newer.append(f'{name} {found} (tested up to {tested})')
    if newer:
        warnings.warn(f'wsml_mm was not tested with {", ".join(newer)}', stacklevel=3)
