"""Measures labels held as columns against MMEngine's dataset of dicts, and LL-Cp's store, at scale.

Everything is synthetic, made here. Each part runs in a process of its own, so that its memory is
its own; only ratios within one run mean anything. Linux only (it reads /proc).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset
from torch.utils.data import DataLoader

from wsml_mm.datasets import ColumnDataset, PartialLabelDataset
from wsml_mm.labels import LabelColumns, NameColumn
from wsml_mm.labels.encoding import UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels
from wsml_mm.models.label_state import EntryStore

KNOWN = 8  # labels of an image


def memory(field: str = 'Rss') -> float:
    """Returns a field of this process's memory in MB."""
    for line in Path('/proc/self/smaps_rollup').read_text().splitlines():
        if line.startswith(f'{field}:'):
            return int(line.split()[1]) / 1024
    raise ValueError(field)


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
    """The synthetic data, prepared beforehand."""

    def read_columns(self) -> LabelColumns:
        """Draws the data."""
        count, classes = (int(n) for n in self.split.split('x'))
        names, labels = draw(count, classes)
        return LabelColumns(names, labels, {'classes': tuple(f'c{i}' for i in range(classes))})


class Dicts(BaseDataset):  # type: ignore[misc]
    """The same images, names and labels as one dict each; `dense` as MMPretrain's heads read it."""

    def __init__(self, count: int, classes: int, dense: bool, serialize: bool) -> None:
        self.count, self.classes, self.dense = count, classes, dense
        super().__init__(ann_file='', serialize_data=serialize)

    def load_data_list(self) -> list[dict[str, Any]]:
        """Returns a dict an image."""
        names, labels = draw(self.count, self.classes)
        rows = []
        for index in range(self.count):
            label, value = labels.known(index)
            row: dict[str, Any] = {'img_path': f'data/train/{names[index]}'}
            if self.dense:
                row['gt_score'] = labels.row(index)
            else:
                row |= {'gt_label': label[value == 1].tolist(), 'neg': label[value == 0].tolist()}
            rows.append(row)
        return rows


def each(call: Callable[[int], Any], count: int) -> float:
    """Returns the median microseconds of a call over random samples."""
    order = np.random.default_rng(1).integers(0, count, 100_000).tolist()
    rounds = []
    for part in np.array_split(np.array(order), 5):
        indices = part.tolist()
        begin = time.perf_counter()
        for index in indices:
            call(index)
        rounds.append((time.perf_counter() - begin) / len(indices) * 1e6)
    return float(np.median(rounds))


class _Reads(torch.utils.data.Dataset[float]):
    """Reads samples in a loader worker and returns that worker's own memory."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return 20_000

    def __getitem__(self, idx: int) -> float:
        self.dataset.get_data_info(idx * 97 % len(self.dataset))
        return memory('Private_Dirty') if idx >= 19_990 else 0.0


def measure_columns(root: str, count: int, classes: int) -> dict[str, float]:
    """Opens the prepared columns and reads samples, wrapped and bare."""
    before, begin = memory(), time.perf_counter()
    dataset = Columns(root, f'{count}x{classes}', data_prefix='train')
    opening, begin = time.perf_counter() - begin, time.perf_counter()
    partial = PartialLabelDataset(dataset)
    wrapping = time.perf_counter() - begin
    result = {
        'open_s': opening,
        'wrap_s': wrapping,
        'get_data_info_us': each(dataset.get_data_info, count),
        'partial_get_data_info_us': each(partial.get_data_info, count),
        'row_us': each(partial.labels.row, count),
        'resident_mb': memory() - before,
    }
    loader = DataLoader(_Reads(partial), 100, num_workers=2, multiprocessing_context='fork')
    base = DataLoader(_Reads([0]), 100, num_workers=2, multiprocessing_context='fork')
    result['worker_mb'] = max(float(b.max()) for b in loader)
    base.dataset.dataset = _Nothing()
    result['worker_of_nothing_mb'] = max(float(b.max()) for b in base)
    return result


class _Nothing:
    def __len__(self) -> int:
        return 1

    def get_data_info(self, idx: int) -> None:
        pass


def measure_dicts(
    count: int, classes: int, dense: bool = False, serialize: bool = True
) -> dict[str, float]:
    """Builds MMEngine's dataset and reads samples."""
    before, begin = memory(), time.perf_counter()
    names, labels = draw(count, classes)
    drawing = time.perf_counter() - begin
    del names, labels
    begin = time.perf_counter()
    dataset = Dicts(count, classes, dense, serialize)
    return {
        'images': count,
        'open_s': time.perf_counter() - begin - drawing,
        'get_data_info_us': each(dataset.get_data_info, count),
        'resident_mb': memory() - before,
        'peak_mb': _peak() - before,
    }


def _peak() -> float:
    """Returns the most memory this process has had, in MB."""
    status = Path('/proc/self/status').read_text()
    return int(status.split('VmHWM:')[1].split()[0]) / 1024


def measure_store(corrections: int, images: int, classes: int) -> dict[str, float]:
    """Fills LL-Cp's store in five epochs and looks up batches of 288."""
    before, rng = memory(), np.random.default_rng(2)
    store = EntryStore(images, classes)
    begin = time.perf_counter()
    for epoch in range(5):
        keys = rng.integers(0, images * classes, corrections // 5)
        store.write(keys, None, epoch)
        del keys
    filling = time.perf_counter() - begin
    batches = [torch.from_numpy(rng.integers(0, images, 288)) for _ in range(101)]
    times = []
    for batch in batches:
        begin = time.perf_counter()
        store.held(batch)
        times.append(time.perf_counter() - begin)
    return {
        'corrections': len(store),
        'resident_mb': memory() - before,
        'peak_mb': _peak() - before,
        'fill_s': filling,
        'lookup_ms': float(np.median(times)) * 1e3,
    }


def measure_step(batch: int) -> dict[str, float]:
    """Times a training step of ResNet-50 at 224 px and scales it to a batch of 288."""
    from torchvision.models import resnet50

    model, size = resnet50(), (batch, 3, 224, 224)
    times = []
    for _ in range(3):
        begin = time.perf_counter()
        model(torch.rand(size)).mean().backward()
        times.append(time.perf_counter() - begin)
    return {'batch': batch, 'step_of_288_ms': float(np.median(times)) * 1e3 * 288 / batch}


def alone(function: Callable[..., dict[str, float]], *args: Any) -> dict[str, float]:
    """Runs a measurement in a fresh process and prints it."""
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        result = pool.submit(function, *args).result()
    shown = {key: round(value, 3) for key, value in result.items()}
    print(f'{function.__name__}{args[-3:]}: {json.dumps(shown)}', flush=True)
    return result


def main() -> None:
    """Runs the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--images', type=int, default=3_400_000)
    parser.add_argument('--classes', type=int, default=5_000)
    parser.add_argument('--dicts', type=int, help='images of the dataset of dicts; default: all')
    parser.add_argument('--corrections', type=int, default=30_000_000)
    parser.add_argument('--step-batch', type=int, default=16)
    parser.add_argument('--out', type=Path, help='JSON file for the numbers')
    args = parser.parse_args()
    os.environ.setdefault('OMP_NUM_THREADS', '2')
    with tempfile.TemporaryDirectory() as root:
        for count, classes in ((args.images, args.classes), (args.images // 2, args.classes),
                               (args.images, args.classes // 10)):  # fmt: skip
            Columns(root, f'{count}x{classes}')
        numbers: dict[str, Any] = {
            'columns': alone(measure_columns, root, args.images, args.classes),
            'half the images': alone(measure_columns, root, args.images // 2, args.classes),
            'a tenth of the classes': alone(measure_columns, root, args.images, args.classes // 10),
        }
    numbers['dicts'] = alone(measure_dicts, args.dicts or args.images, args.classes)
    numbers['dicts not serialized'] = alone(measure_dicts, 400_000, args.classes, False, False)
    numbers['dicts with gt_score'] = alone(measure_dicts, 100_000, args.classes, True)
    numbers['store'] = alone(measure_store, args.corrections, args.images, args.classes)
    numbers['step'] = alone(measure_step, args.step_batch)
    columns, dicts = numbers['columns'], numbers['dicts']
    ready = columns['open_s'] + columns['wrap_s']
    print(f'opening: {dicts["open_s"] * args.images / dicts["images"] / ready:.0f} x faster')
    for name in ('dicts', 'dicts not serialized', 'dicts with gt_score'):
        ratio = numbers[name]['get_data_info_us'] / columns['get_data_info_us']
        print(f'get_data_info: {ratio:.1f} x faster than {name}')
    share = numbers['store']['lookup_ms'] / numbers['step']['step_of_288_ms']
    print(f"LL-Cp's lookup: {share:.4%} of a step of ResNet-50 on this machine")
    print(f'dense float64 labels would take {args.images * args.classes * 8e-9:.0f} GB')
    if args.out:
        args.out.write_text(json.dumps(numbers, indent=1) + '\n', encoding='utf-8')


if __name__ == '__main__':
    main()
