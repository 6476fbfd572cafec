"""Labels and files of labels that are refused."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from hostile import FULL, READ_ONLY, Case, Prepare, fails, refusals

from wsml_mm.labels import SparseLabels, decode_labels
from wsml_mm.labels.files import write_durably

LABELS = SparseLabels.from_dense(np.array([[1, 0, 1], [0, 1, 0]], np.int8))


def checkpoint_on(target: Any, name: str, error: OSError) -> Prepare:
    def make(folder):
        (folder / 'epoch_1.pth').write_bytes(b'the old checkpoint')
        return fails(target, name, error, lambda: write_durably(folder / 'epoch_1.pth', b'new'))

    return make


# fmt: off
test_refusal = refusals(
    Case('decode 3', lambda folder: lambda: decode_labels([1, 3], 'reference', 'mine.csv'),
         ValueError, "mine.csv ... 3 ... 'reference' ... correct the file"),
    Case('sparse class too large', lambda folder: lambda: SparseLabels.from_rows([([0, 7], [])], 3),
         ValueError, 'class index 7 ... 0..2 ... check the class list'),
    Case('sparse class twice',
         lambda folder: lambda: SparseLabels.from_rows([([0], []), ([1], [1])], 3), ValueError,
         'row 1 ... class 1 ... twice ... list it once'),
    Case('sparse label of 5', lambda folder: lambda: SparseLabels.from_dense(np.array([[5]])),
         ValueError, 'label 5 ... {1, 0, -1} ... convert'),
    Case('sparse rest of 1', lambda folder: lambda: SparseLabels.from_rows([], 3, rest=1),
         ValueError, 'rest=1 ... 0 (negative) or -1'),
    Case('sparse row outside', lambda folder: lambda: LABELS.row(2), IndexError,
         'sample index 2 ... 0..1 ... use a row of the whole split'),
    Case('disk full while a checkpoint is written', checkpoint_on(os, 'fsync', FULL), OSError,
         'epoch_1.pth ... (No space left on device) ... free some space'),
    Case('disk full while a checkpoint is renamed', checkpoint_on(os, 'replace', FULL), OSError,
         'epoch_1.pth ... (No space left on device) ... free some space'),
    Case('work_dir read-only', checkpoint_on(os, 'open', READ_ONLY), OSError,
         'epoch_1.pth ... (Read-only file system) ... another work_dir'),
)
# fmt: on
