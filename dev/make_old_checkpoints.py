"""Writes tests/referee/old_*.pth: checkpoints of the version before the redesign, to resume from.

It was run once, `PYTHONPATH=TREE:TREE/tests python dev/make_old_checkpoints.py`, TREE being a
checkout of it (20375ee). For LL-R and LL-Cp it trains four epochs on the tiny devkit of
the tests without a break and keeps `epoch_2.pth` as it was written (folders made relative) and of
`epoch_4.pth` the weights, the corrections and the validation mAP.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import torch
from helpers import load, scalars, tiny_config, train, write_devkit

OUT = Path(__file__).resolve().parent.parent / 'tests' / 'referee'


def relative(value: Any, folder: str) -> Any:
    """Returns nested values with a folder's absolute path taken out of every string."""
    if isinstance(value, dict):
        return {k: relative(v, folder) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(relative(v, folder) for v in value)
    return value.replace(folder, '.') if isinstance(value, str) else value


if __name__ == '__main__':
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        kit = write_devkit(Path('devkit'))
        for name in ('LL-R', 'LL-Cp'):
            cfg = tiny_config(kit, Path(name), name, epochs=4)
            cfg.default_hooks.checkpoint.max_keep_ckpts = -1
            runner = train(cfg)
            here = os.path.realpath(folder)
            torch.save(relative(load(Path(name) / 'epoch_2.pth'), here), OUT / f'old_{name}.pth')
            last = load(Path(name) / 'epoch_4.pth')
            end = {'state_dict': last['state_dict'], 'wsml_mm': last.get('wsml_mm', {})}
            end['mAP'] = scalars(runner, 'val/multi-label/mAP')
            torch.save(end, OUT / f'old_{name}_end.pth')
