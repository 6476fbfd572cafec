"""Labels as columns against MMEngine's dataset of dicts, and a large table of CSV."""

from __future__ import annotations

import csv
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch.utils.data import DataLoader

from wsml_mm.datasets import ColumnDataset, PartialLabelDataset
from wsml_mm.datasets.table import read_table
from wsml_mm.labels import LabelColumns, NameColumn
from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

from .growth import curve
from .rows import row
from .timing import Measured, alone, alternate, resident

KNOWN = 8  # labels of an image


def draw(images: int, classes: int) -> tuple[NameColumn, SparseLabels]:
    """Returns random names and KNOWN distinct labels an image, half of them positive."""
    rng = np.random.default_rng(0)
    # Distinct and ascending: a class out of each of KNOWN equal ranges.
    low = np.arange(KNOWN) * (classes // KNOWN)
    label = (low + rng.integers(0, classes // KNOWN, (images, KNOWN))).astype(np.int32).ravel()
    value = rng.integers(0, 2, len(label)).astype(np.int8)
    labels = SparseLabels(np.arange(0, len(label) + 1, KNOWN), label, value, classes, UNOBSERVED)
    digits = np.frombuffer(b''.join(b'%016x' % i for i in range(images)), np.uint8)
    text = np.full((images, 21), ord('.'), np.uint8)
    text[:, :16] = digits.reshape(images, 16)
    text[:, 16:] = np.frombuffer(b'.jpg\0', np.uint8)
    return NameColumn(text.ravel(), np.arange(21, images * 21 + 1, 21)), labels


class Columns(ColumnDataset):
    """The synthetic data, prepared beforehand; a split is named after its size."""

    def read_columns(self) -> LabelColumns:
        """Draws the data."""
        count, classes = (int(n) for n in self.split.split('x'))
        names, labels = draw(count, classes)
        return LabelColumns(names, labels, {'classes': tuple(f'c{i}' for i in range(classes))})


class Dicts(BaseDataset):  # type: ignore[misc]
    """The same images, names and labels as one dict each; `dense` as MMPretrain's heads read it."""

    def __init__(self, count: int, classes: int, dense: bool = False) -> None:
        self.count, self.classes, self.dense = count, classes, dense
        super().__init__(ann_file='')

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns a dict an image."""
        names, labels = draw(self.count, self.classes)
        rows = []
        for index in range(self.count):
            label, value = labels.known(index)
            info: dict[str, Any] = {'img_path': f'data/train/{names[index]}'}
            if self.dense:
                info['gt_score'] = labels.row(index)
            else:
                info |= {'gt_label': label[value == 1].tolist(), 'neg': label[value == 0].tolist()}
            rows.append(info)
        return rows


def opened(root: str, count: int, classes: int) -> dict[str, float]:
    """Opens and wraps prepared columns in this process."""
    before, begin = resident(), time.process_time()
    partial = PartialLabelDataset(Columns(root, f'{count}x{classes}', data_prefix='train'))
    seconds = time.process_time() - begin
    for index in np.random.default_rng(1).integers(0, count, 10_000).tolist():
        partial.get_data_info(index)
    found = {'open_s': seconds, 'resident_mb': resident() - before}
    loader = DataLoader(_Reads(partial), 100, num_workers=1, multiprocessing_context='fork')
    base = DataLoader(_Reads(None), 100, num_workers=1, multiprocessing_context='fork')
    found['worker_mb'] = max(float(b.max()) for b in loader) - max(float(b.max()) for b in base)
    return found


class _Reads(torch.utils.data.Dataset[float]):
    """Reads samples in a loader worker and returns that worker's own memory."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return 5000

    def __getitem__(self, idx: int) -> float:
        if self.dataset is not None:
            self.dataset.get_data_info(idx * 97 % len(self.dataset))
        return resident('Private_Dirty') if idx >= 4990 else 0.0


def _opened(quick: bool) -> dict[str, float]:
    if quick not in _OPENED:
        with tempfile.TemporaryDirectory() as root:
            size = (20_000, 80) if quick else (3_400_000, 5000)
            Columns(root, f'{size[0]}x{size[1]}')
            _OPENED[quick] = alone(opened, root, *size)
    return _OPENED[quick]


_OPENED: dict[bool, dict[str, float]] = {}  # three rows read one run


@row('labels/open 3.4 M x 5000', '', '<= 0.5', 's of CPU')
def open_seconds(quick: bool) -> Measured:
    """From kept columns to a wrapped data set."""
    return Measured([_opened(quick)['open_s']])


@row('labels/memory 3.4 M x 5000', '', '<= 300', 'MB')
def open_memory(quick: bool) -> Measured:
    """Resident, of files that are mapped."""
    return Measured([_opened(quick)['resident_mb']])


@row('labels/a worker of 3.4 M x 5000', '', '<= 2', 'MB')
def worker_memory(quick: bool) -> Measured:
    """What a loader worker adds of its own, beside one without data."""
    return Measured([max(_opened(quick)['worker_mb'], 0.0)])


def _reading(dense: bool, quick: bool) -> Measured:
    count = 500 if quick else 20_000
    with tempfile.TemporaryDirectory() as root:
        Columns(root, f'{count}x5000')
        columns, dicts = (
            Columns(root, f'{count}x5000', data_prefix='train'),
            Dicts(count, 5000, dense),
        )
        order = np.random.default_rng(1).integers(0, count, 500).tolist()
        return alternate(
            lambda: [columns.get_data_info(i) for i in order],
            lambda: [dicts.get_data_info(i) for i in order],
        )


@row('labels/get_data_info', "MMEngine's dataset of dicts", '>= 1')
def reading(quick: bool) -> Measured:
    """One sample's annotation."""
    return _reading(False, quick)


@row('labels/get_data_info over gt_score', "MMEngine's dataset of dicts with dense labels", '>= 1')
def reading_dense(quick: bool) -> Measured:
    """One sample's annotation; MMPretrain's heads read dense labels."""
    return _reading(True, quick)


def write_csv(path: Path, rows: int, classes: int = 5000) -> Path:
    """Writes a table of two positives and two negatives an image."""
    rng = np.random.default_rng(0)
    low = np.arange(4) * (classes // 4)
    with path.open('w') as file:
        file.write('image,positive,negative\n')
        for start in range(0, rows, 10_000):
            count = min(10_000, rows - start)
            labels = (low + rng.integers(0, classes // 4, (count, 4))).tolist()
            file.writelines(
                f'images/{start + i:012d}.jpg,class{a}|class{b},class{c}|class{d}\n'
                for i, (a, b, c, d) in enumerate(labels)
            )
    return path


def by_csv_module(path: Path) -> tuple[list[str], list[list[int]]]:
    """What users write: the csv module, split, and a dict of classes; nothing is checked."""
    classes: dict[str, int] = {}
    names, labels = [], []
    with path.open(newline='') as file:
        for line in csv.DictReader(file):
            names.append(line['image'])
            cells = line['positive'].split('|') + line['negative'].split('|')
            labels.append([classes.setdefault(cell, len(classes)) for cell in cells])
    return names, labels


@row('labels/CSV', 'the csv module in a loop, unchecked', '>= 1')
def over_csv(quick: bool) -> Measured:
    """100,000 rows."""
    with tempfile.TemporaryDirectory() as root:
        path = write_csv(Path(root) / 'train.csv', 300 if quick else 100_000)
        return alternate(lambda: read_table(path), lambda: by_csv_module(path), 3)


def _read(path: str) -> dict[str, float]:
    begin = time.process_time()
    read_table(Path(path))
    return {'read_s': time.process_time() - begin}


_TABLES: dict[bool, dict[str, float]] = {}


def _table(quick: bool) -> dict[str, float]:
    if quick not in _TABLES:
        with tempfile.TemporaryDirectory() as root:
            path = write_csv(Path(root) / 'train.csv', 300 if quick else 1_000_000)
            _TABLES[quick] = alone(_read, str(path))
    return _TABLES[quick]


@row('labels/CSV of 1 M rows', '', '<= 4', 's of CPU', heavy=True)
def table_seconds(quick: bool) -> Measured:
    """Read, checked and sorted, 5,000 classes."""
    return Measured([_table(quick)['read_s']])


@row('labels/memory of CSV of 1 M rows', '', '<= 600', 'MB', heavy=True)
def table_memory(quick: bool) -> Measured:
    """Its peak, beside the process itself."""
    return Measured([_table(quick)['peak_mb']])


def _work(function: Callable[[Path], object], rows: int) -> Callable[[], object]:
    path = write_csv(Path(_FOLDER.name) / f'{rows}.csv', rows)
    return lambda: function(path)


_FOLDER = tempfile.TemporaryDirectory()
_grow = curve('reading a table of CSV', 'rows', (1000, 10_000, 100_000), (100, 300))
_grow('LabelTable', lambda rows: _work(read_table, rows))
_grow('csv module, unchecked (rival)', lambda rows: _work(by_csv_module, rows))
