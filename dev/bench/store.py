"""LL-Cp's store: filling it over epochs, its memory, and the look-up of a batch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from wsml_mm.models.label_state import EntryStore

from .growth import curve
from .rows import row
from .timing import Measured, alone, alternate

IMAGES, CLASSES, EPOCHS = 3_400_000, 5000, 5


class PlainStore:
    """The store as it was: distinct keys by hashing, inserted into whole columns."""

    def __init__(self) -> None:
        self.keys, self.epochs = np.zeros(0, np.int64), np.zeros(0, np.int32)

    def write(self, keys: Any, epoch: int) -> None:
        """Adds keys."""
        found = np.unique(keys)
        places = np.searchsorted(self.keys, found)
        known = np.zeros(len(found), bool)
        if len(self.keys):
            known = self.keys[np.minimum(places, len(self.keys) - 1)] == found
        self.keys = np.insert(self.keys, places[~known], found[~known])
        self.epochs = np.insert(self.epochs, places[~known], epoch)


def fill(corrections: int) -> dict[str, float]:
    """Fills the store in five epochs and looks up batches of 288; CPU seconds."""
    rng, seconds = np.random.default_rng(2), 0.0
    store = EntryStore(IMAGES, CLASSES)
    for epoch in range(EPOCHS):
        keys = rng.integers(0, IMAGES * CLASSES, corrections // EPOCHS)
        begin = time.process_time()
        store.write(keys, None, epoch)
        seconds += time.process_time() - begin
        del keys
    batches = [torch.from_numpy(rng.integers(0, IMAGES, 288)) for _ in range(201)]
    times = []
    for batch in batches:
        begin = time.perf_counter()
        store.held(batch)
        times.append(time.perf_counter() - begin)
    return {'fill_s': seconds, 'lookup_ms': float(np.median(times)) * 1e3}


_FILLED: dict[int, dict[str, float]] = {}  # several rows read one run


def _filled(corrections: int, quick: bool) -> dict[str, float]:
    size = 50_000 if quick else corrections
    return _FILLED.setdefault(size, alone(fill, size) if size not in _FILLED else {})


for _millions, _heavy, _goals in ((10, False, ('', '')), (100, True, ('<= 20', '<= 2.5'))):
    _what = f'{_millions} M corrections'

    @row(f'store/fill {_what}', '', _goals[0], 's of CPU', _heavy)
    def seconds(quick: bool, count: int = _millions * 10**6) -> Measured:
        """All merges of five epochs."""
        return Measured([_filled(count, quick)['fill_s']])

    @row(f'store/memory {_what}', '', _goals[1], 'GB', _heavy)
    def gigabytes(quick: bool, count: int = _millions * 10**6) -> Measured:
        """The most that filling needs, beside the process itself."""
        return Measured([_filled(count, quick)['peak_mb'] / 1024])

    @row(f'store/look-up of 288 in {_what}', '', '<= 0.5', 'ms', _heavy)
    def look_up(quick: bool, count: int = _millions * 10**6) -> Measured:
        """A batch's mask, 288 x 5000."""
        return Measured([_filled(count, quick)['lookup_ms']])


def _epochs(write: Callable[[Any, int], object], size: int) -> None:
    rng = np.random.default_rng(3)
    for epoch in range(3):
        write(rng.integers(0, _images(size) * CLASSES, size // 3), epoch)


def _images(size: int) -> int:
    return min(IMAGES, size)  # of a training set with few corrections an image


def _ours(size: int) -> Callable[[], object]:
    def work() -> None:
        store = EntryStore(_images(size), CLASSES)
        _epochs(lambda keys, epoch: store.write(keys, None, epoch), size)

    return work


def _plain(size: int) -> Callable[[], object]:
    return lambda: _epochs(PlainStore().write, size)


@row('store/fill 1 M over whole columns', 'np.unique and np.insert over all columns', '>= 1')
def over_plain(quick: bool) -> Measured:
    """Three epochs of a third of a million."""
    size = 3000 if quick else 1_000_000
    return alternate(_ours(size), _plain(size), 3)


_grow = curve('filling the store', 'corrections', (10**4, 10**5, 10**6), (1000, 3000))
_grow('EntryStore', _ours)
_grow('np.unique and np.insert (rival)', _plain)
