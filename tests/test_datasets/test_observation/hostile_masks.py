"""Matrices and mask files that are not what they should be."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from hostile import Act, Bomb, Prepare

from wsml_mm import ObservationFile
from wsml_mm.datasets import SplitNames, observe_split, save_observation
from wsml_mm.labels import NameColumn, SparseLabels

LABELS = SparseLabels.from_dense(np.array([[1, 0, 1], [0, 1, 0]], np.int8))
NAMES = SplitNames(('cat', 'dog', 'elk'), lambda: NameColumn.from_names(['a.jpg', 'b.jpg']))
SHOWN = SparseLabels.from_dense(np.array([[1, -1, 1], [-1, 1, -1]], np.int8))


def observed(write: Callable[[Path], Any], **kwargs: Any) -> Prepare:
    def make(folder):
        write(folder / 'obs.npy')
        return lambda: ObservationFile(folder / 'obs.npy', **kwargs)(LABELS)

    return make


def save(matrix: Any, **kwargs: Any) -> Callable[[Path], None]:
    return lambda path: np.save(path, np.array(matrix, **kwargs))


def save_objects(path: Path) -> None:
    np.save(path, np.array([[Bomb(path.with_name('boom'))] * 3] * 2), allow_pickle=True)


def save_archive(path: Path) -> None:
    with path.open('wb') as file:
        np.savez(file, a=np.zeros((2, 3)))


def save_half(path: Path) -> None:
    np.save(path, np.zeros((2, 3)))
    path.write_bytes(path.read_bytes()[:-5])


def save_broken_zip(path: Path) -> None:
    path.write_bytes(b'PK\x03\x04' + bytes(30))


def matrix_bytes() -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 3)))
    return buffer.getvalue()


def save_huge(path: Path) -> None:
    """A header that asks for more memory than any machine has."""
    buffer = io.BytesIO()
    shape = (2**40, 2**20)
    np.lib.format.write_array_header_1_0(
        buffer, {'descr': '<f8', 'fortran_order': False, 'shape': shape}
    )
    path.write_bytes(buffer.getvalue())


def mask(change: Callable[[dict[str, Any]], Any] = lambda arrays: None, **kwargs: Any) -> Prepare:
    """Writes a mask file, changes what is in it, and observes by it."""

    def make(folder):
        path = folder / 'obs.npz'
        save_observation(path, SHOWN, LABELS, NAMES)
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        change(arrays)
        np.savez(path, **arrays)
        return lambda: observe_split(ObservationFile(path, **kwargs), LABELS, NAMES)

    return make


def mask_bytes(write: Callable[[Path], Any]) -> Prepare:
    def make(folder):
        write(folder / 'obs.npz')
        return lambda: observe_split(ObservationFile(folder / 'obs.npz'), LABELS, NAMES)

    return make


def put(name: str, values: Any, **kwargs: Any) -> Callable[[dict[str, Any]], None]:
    return lambda arrays: arrays.update({name: np.array(values, **kwargs)})


def in_record(**facts: Any) -> Callable[[dict[str, Any]], None]:
    def change(arrays):
        record = {**json.loads(str(arrays['record'])), **facts}
        arrays['record'] = np.array(json.dumps(record))

    return change


def without_fingerprint(arrays: dict[str, Any]) -> None:
    record = json.loads(str(arrays['record']))
    del record['fingerprint']
    arrays['record'] = np.array(json.dumps(record))


def changed_annotation(folder: Path) -> Act:
    save_observation(folder / 'obs.npz', SHOWN, LABELS, NAMES)
    labels = SparseLabels.from_dense(np.array([[1, 0, 1], [0, 0, 0]], np.int8))
    return lambda: observe_split(ObservationFile(folder / 'obs.npz'), labels, NAMES)


def mask_of_objects(path: Path) -> None:
    save_observation(path, SHOWN, LABELS, NAMES)
    with np.load(path, allow_pickle=False) as file:
        arrays = dict(file)
    arrays['values'] = np.array([Bomb(path.with_name('boom'))] * 3)
    np.savez(path, **arrays)


def half_a_mask(path: Path) -> None:
    save_observation(path, SHOWN, LABELS, NAMES)
    path.write_bytes(path.read_bytes()[:-40])


def observing(process: Callable[[Path], Any]) -> Prepare:
    return lambda folder: lambda: observe_split(process(folder), LABELS, NAMES)
