"""A small tree in the layout of OpenImages' release 2017_11, and its protocol written out again."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

HEADER = 'ImageID,Source,LabelName,Confidence'
SPLITS = ('train', 'validation', 'test')
# Named with a comma, with quotes, twice, not at all, beyond ASCII.
NAMES = {
    '/m/0ccc': 'Lemon, lime and bitters',
    '/m/0aaa': 'Fiat 500 "topolino"',
    '/m/02ab': 'Jaguar',
    '/m/0b_x': 'Jaguar',
    '/m/0k4j': "Lamb's quarters",
    '/m/01yrx': 'Spätzle',
}
TRAINABLE = (
    '/m/0ccc', '/m/02ab', '/m/0aaa', '/m/0k4j', '/m/0b_x', '/m/01yrx', '/m/07yv9', '/m/0dxb5',
    '/m/0zz', '/m/0c_', '/m/0yy', '/m/0xx',
)  # fmt: skip
OTHER = ('/m/0other', '/m/0rest')  # listed in classes.txt, but not trainable
Line = tuple[str, str, str, str]


@dataclass
class Tree:
    """A tree on disk and the lines it was written from."""

    root: Path
    lines: dict[str, list[Line]]
    trainable: tuple[str, ...] = TRAINABLE
    labels: dict[str, dict[str, dict[str, int]]] = field(init=False)

    def __post_init__(self) -> None:
        self.labels = {split: _labels(self.lines[split], self.trainable) for split in self.lines}

    def order(self) -> list[str]:
        """The classes, rarest in training first, ties by id."""
        counts = Counter(label for row in self.labels['train'].values() for label in row)
        return sorted(self.trainable, key=lambda label: (counts[label], label))

    def images(self, split: str) -> list[str]:
        """The images with a label of a trainable class, sorted by id."""
        return sorted(image for image, row in self.labels[split].items() if row)

    def matrix(self, split: str) -> np.ndarray:
        """Their (N, C) labels of {1, 0, -1}."""
        rows = [self.labels[split][image] for image in self.images(split)]
        return np.array([[row.get(label, -1) for label in self.order()] for row in rows], np.int8)

    def groups(self) -> dict[str, list[int]]:
        """Five groups of (as near as can be) equal size."""
        whole, more = divmod(len(self.trainable), 5)
        ends = np.cumsum([0] + [whole + (number < more) for number in range(5)])
        return {f'G{n + 1}': list(range(ends[n], ends[n + 1])) for n in range(5)}


def _labels(lines: list[Line], trainable: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Image -> class -> 1 or 0; what is listed twice counts once, 1 before 0."""
    found: dict[str, dict[str, int]] = {}
    for image, _, label, confidence in lines:
        row = found.setdefault(image, {})
        if label in trainable:
            row[label] = max(row.get(label, 0), int(float(confidence)))
    return found


def random_lines(rng: np.random.Generator, images: int) -> list[Line]:
    """Lines of some images, in no order of classes, every image's together."""
    lines = []
    frequency = np.arange(1.0, len(TRAINABLE) + 1)
    for number in rng.choice(2**62, images, replace=False):
        chosen = rng.choice(len(TRAINABLE), 6, replace=False, p=frequency / frequency.sum())
        for label in (*(TRAINABLE[c] for c in chosen[: rng.integers(1, 7)]), OTHER[0]):
            sign = rng.choice(['1', '0', '1.0', '0.0'])
            lines.append((f'{number:016x}', 'verification', label, str(sign)))
    twice = [lines[i] for i in rng.choice(len(lines), 3, replace=False)]
    lines += [(image, 'crowdsource-verification', label, sign) for image, _, label, sign in twice]
    image, _, label, sign = next(line for line in lines if line[2] in TRAINABLE)
    lines.append((image, 'crowdsource-verification', label, '0' if float(sign) else '1'))
    lines.append(('ffffffffffffffff', 'verification', OTHER[1], '1'))  # without a trainable label
    lines.append(('00000000000000ab', 'verification', TRAINABLE[3], '0'))  # negatives only
    return lines


def write_tree(
    root: Path, lines: dict[str, list[Line]], ending: str = '\n', packed: bool = False
) -> Tree:
    """Writes the annotation files and class lists."""
    release = root / '2017_11'
    for split, listed in lines.items():
        text = ending.join([HEADER, *map(','.join, listed), '']).encode()
        path = release / split / 'annotations-human.csv'
        path.parent.mkdir(parents=True)
        if packed:
            path.with_name(f'{path.name}.gz').write_bytes(gzip.compress(text))
        else:
            path.write_bytes(text)
    (release / 'classes-trainable.txt').write_text('\n'.join([*TRAINABLE, '']))
    described = io.StringIO()
    csv.writer(described, lineterminator=ending).writerows([*NAMES.items(), (OTHER[0], 'Jaguar')])
    (release / 'class-descriptions.csv').write_bytes(described.getvalue().encode())
    return Tree(root, lines)


def random_tree(root: Path, seed: int = 0, images: int = 30, **kwargs: bool | str) -> Tree:
    rng = np.random.default_rng(seed)
    return write_tree(root, {split: random_lines(rng, images) for split in SPLITS}, **kwargs)


def write_images(tree: Tree) -> None:
    """Writes a tiny JPEG of each image, whose columns show its positive classes."""
    rng = np.random.default_rng(5)
    for split in SPLITS:
        (tree.root / split).mkdir(exist_ok=True)
        for image, row in zip(tree.images(split), tree.matrix(split), strict=True):
            pixels = rng.integers(0, 80, (16, 24, 3))
            pixels[:, np.repeat(row == 1, 2)] += 170
            Image.fromarray(pixels.astype(np.uint8)).save(tree.root / split / f'{image}.jpg')
