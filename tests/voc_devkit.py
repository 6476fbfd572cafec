"""A small VOC devkit with the oddities of the real one, and the field's two sampling rules."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

CLASSES = ('aeroplane', 'bicycle', 'cat', 'person', 'tvmonitor')
# Neither '10' < '2' nor '-' < '.' < '_' is the order of numbers or of names without extension.
STEMS = ('1', '2', '3', '10', '11', '20', '100', '1-b', '1_b')


@dataclass(frozen=True)
class Devkit:
    """A devkit on disk and the table it was written from: split -> image -> class -> label."""

    root: Path
    classes: tuple[str, ...]
    table: dict[str, dict[str, dict[str, int]]]

    def files(self, split: str, classes: tuple[str, ...] | None = None) -> list[str]:
        """The rows of the split by the field's rule."""
        positive = [
            f'{image}.jpg'
            for image, labels in self.table[split].items()
            if any(labels.get(name) == 1 for name in classes or self.classes)
        ]
        return sorted(positive)

    def matrix(self, split: str, classes: tuple[str, ...] | None = None) -> np.ndarray:
        """The (N, C) labels of those rows: 1 positive, 0 negative."""
        return np.array(
            [
                [int(self.table[split][file[:-4]].get(name) == 1) for name in classes or CLASSES]
                for file in self.files(split, classes)
            ],
            dtype=np.int8,
        )


@pytest.fixture(scope='session', autouse=True)
def quick_collection():
    """MMEngine collects garbage with every data set built: spare it the imported modules."""
    gc.freeze()
    yield
    gc.unfreeze()


def write_devkit(root: Path, table, classes=CLASSES, size=(20, 16)) -> Devkit:
    """Writes class files (in no order, ' 1' padded as in VOC) and noise images."""
    rng = np.random.RandomState(7)
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    (root / 'JPEGImages').mkdir()
    for split, images in table.items():
        for name in classes:
            listed = [image for image in images if name in images[image]]
            lines = [f'{image} {images[image][name]:2d}\n' for image in rng.permutation(listed)]
            path = root / 'ImageSets' / 'Main' / f'{name}_{split}.txt'
            path.write_text(''.join(lines) + ('\n' if name == classes[0] else ''))
        for image in images:
            noise = rng.randint(0, 256, (size[1], size[0], 3), dtype=np.uint8)
            Image.fromarray(noise).save(root / 'JPEGImages' / f'{image}.jpg')
    return Devkit(root, tuple(classes), table)


@pytest.fixture(scope='session')
def make_devkit():
    return write_devkit


@pytest.fixture(scope='session')
def devkit(tmp_path_factory) -> Devkit:
    rng = np.random.RandomState(3)
    table = {}
    for split, prefixes in {'train': ('2008_', '2007_', 'a'), 'val': ('2009_',)}.items():
        images = [prefix + stem for prefix in prefixes for stem in STEMS]
        table[split] = {
            images[i]: {name: int(rng.choice([1, 0, -1], p=[0.45, 0.15, 0.4])) for name in CLASSES}
            for i in rng.permutation(len(images))
        }
        table[split][images[0]] = dict.fromkeys(CLASSES, -1)  # no positive at all
        table[split][images[1]] = dict.fromkeys(CLASSES, 0)  # difficult objects only
        table[split][images[2]] = {'cat': 1}  # in one class file only
        table[split][images[3]] = dict.fromkeys(CLASSES, 1)
    return write_devkit(tmp_path_factory.mktemp('devkit') / 'VOC2012', table)


def _observe(labels, num_pos=1, num_neg=0, seed=1200):
    """The published rule on a 0/1 matrix; the result is in the encoding 1 / -1 / 0 (unobserved)."""
    rng = np.random.RandomState(seed)
    observed = np.zeros(labels.shape, dtype=np.int8)
    for row, out in zip(labels, observed, strict=True):
        for sign, count in ((1, num_pos), (0, num_neg)):
            where = np.flatnonzero(row == sign)
            rng.shuffle(where)
            out[where[: len(where) if count < 0 else count]] = 1 if sign else -1
    return observed


def _split(count, fraction=0.2, seed=1200):
    """The published 80/20 rule: (train positions, held-out positions)."""
    order = np.random.RandomState(seed).permutation(count)
    held = int(np.round(fraction * count))
    return np.sort(order[: count - held]), np.sort(order[count - held :])


@pytest.fixture(scope='session')
def reference() -> SimpleNamespace:
    return SimpleNamespace(observe=_observe, split=_split)
