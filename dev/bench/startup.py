"""What passes before the first step: imports, help, opening the data."""

from __future__ import annotations

import tempfile
import time
from functools import partial

from .rows import not_here, row
from .timing import ROOT, SETTINGS, Measured, child

IMPORT = """
import json, time
import mmengine, mmpretrain
from mmpretrain.utils import register_all_modules
register_all_modules()
begin = time.process_time()
import wsml_mm
print(json.dumps(dict(seconds=time.process_time() - begin)))
"""


@row('start/import wsml_mm', '', '<= 0.3', 's of CPU', note="over MMPretrain's own modules")
def importing(quick: bool) -> Measured:
    """In fresh processes."""
    return Measured([child('-c', IMPORT)['seconds'] for _ in range(1 if quick else 5)])


def _help(arguments: tuple[str, ...], quick: bool) -> Measured:
    return Measured([child(*arguments)['process_s'] for _ in range(1 if quick else 5)])


row('start/train --help', '', '<= 1', 's of CPU')(
    partial(_help, (str(ROOT / 'tools' / 'train.py'), '--help'))
)


@row('start/open COCO, prepared', '', '<= 1', 's of CPU', note='82,783 x 80, columns kept')
def opening(quick: bool) -> Measured:
    """Opens kept columns, observes one positive an image, and wraps them."""
    from wsml_mm.datasets import PartialLabelDataset

    from .labels import Columns

    found = []
    with tempfile.TemporaryDirectory() as root:
        images = 1000 if quick else 82_783
        Columns(root, f'{images}x80')  # prepares them
        for _ in range(1 if quick else SETTINGS.rounds):
            begin = time.process_time()
            observe = dict(type='SinglePositive', seed=1200)
            PartialLabelDataset(Columns(root, f'{images}x80', data_prefix='train'), observe=observe)
            found.append(time.process_time() - begin)
    return Measured(found)


not_here('suite/make test', '<= 12', 'minutes on 2 idle cores: run `make test` alone', 'min')
