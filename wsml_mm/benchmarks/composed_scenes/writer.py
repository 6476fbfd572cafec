"""Writing of the embedded data set: composed scenes in the layout of a Pascal VOC devkit."""

from __future__ import annotations

import io
import json
import multiprocessing
import os
import tempfile
import zlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from PIL import Image

from wsml_mm.labels.checksums import CHECKSUM, checksum
from wsml_mm.labels.drafts import draft_prefix, forget_drafts
from wsml_mm.labels.files import writing

from .drawing import SCENE_CLASSES, Figure, draw_scene

# Raised whenever the same parameters would no longer give the same pictures.
_FORMAT = 1
_RECORD = 'scenes.json'
_SUFFIXES = ('.jpg', '.xml', '.txt')
_FOLDERS = ('JPEGImages', 'Annotations', 'ImageSets/Main')
_WORTH_PROCESSES, _MOST_PROCESSES = 64, 16  # scenes, and processes that draw them
_COUNT_ODDS = (0.3, 0.4, 0.3)  # of one, two and three figures in a scene: two on average


def write_scenes(
    root: str | os.PathLike[str],
    num_train: int = 1500,
    num_val: int = 600,
    size: int = 128,
    seed: int = 0,
) -> Path:
    """Writes the composed scenes under ``root``, unless it holds just these already.

    Any number of processes may call this at once: one of them writes and the others wait.

    Args:
        root: Folder to make; it has its name only once everything in it is written.
        num_train: Number of training scenes.
        num_val: Number of validation scenes.
        size: Side of the square images in pixels, at least 32.
        seed: Non-negative seed; a smaller set is the beginning of a larger one of its seed.

    Raises:
        ValueError: If ``root`` holds anything else, or if a parameter is out of range.
        OSError: If ``root`` cannot be written.
    """
    root = Path(root)
    if min(num_train, num_val, seed) < 0 or size < 32:
        raise ValueError(
            f'write_scenes: num_train={num_train}, num_val={num_val}, size={size}, seed={seed}: '
            'give numbers and a seed of at least 0 and a size of at least 32'
        )
    record = {'format': _FORMAT, 'num_train': num_train, 'num_val': num_val}
    record |= {'size': size, 'seed': seed}
    # Looked up before locking, so that a finished set may lie on a read-only disk.
    if _holds(root, record):
        return root
    with writing(root, 'free some space, or give another data_root'):
        root.parent.mkdir(parents=True, exist_ok=True)
        _write_once(root, record)
    return root


def _write_once(root: Path, record: dict[str, int]) -> None:
    from filelock import FileLock  # slow to import, seldom used

    with FileLock(f'{root}.lock'):
        if _holds(root, record):
            return
        size, seed = record['size'], record['seed']
        # Inside, not itself the temporary folder: that is closed to all but its owner.
        forget_drafts(root)
        with tempfile.TemporaryDirectory(prefix=draft_prefix(root), dir=root.parent) as scratch:
            draft = Path(scratch, root.name)
            for folder in _FOLDERS:
                (draft / folder).mkdir(parents=True)
            _write_split(draft, 'train', record['num_train'], size, (seed, 0))
            _write_split(draft, 'val', record['num_val'], size, (seed, 1))
            content = {**record, CHECKSUM: _checksum(draft)}
            (draft / _RECORD).write_text(json.dumps(content, indent=2) + '\n', encoding='utf-8')
            draft.rename(root)


def _holds(root: Path, record: dict[str, int]) -> bool:
    """Whether the set is there (True) or nothing is (False); raises if something else is."""
    if not root.exists():
        return False
    try:
        found = json.loads((root / _RECORD).read_text(encoding='utf-8'))
    except (OSError, ValueError):
        raise ValueError(
            f'write_scenes: {root} exists but holds no composed scenes (no readable {_RECORD}); '
            'give another data_root'
        ) from None
    expected = found.pop(CHECKSUM, None) if isinstance(found, dict) else None
    if found != record:
        raise ValueError(
            f'write_scenes: {root} holds scenes made with {found}, not {record}; '
            'delete it or give another data_root'
        )
    if expected is not None and not _is_as_drawn(root.resolve(), expected):
        raise ValueError(
            f'write_scenes: {root} holds other files than were drawn; delete it, it is drawn anew, '
            "or read files that you have changed with type='VOC2012'"
        )
    return True


def _checksum(root: Path) -> str:
    """Returns the checksum of all that is drawn: names and contents."""
    found = [path for name in _FOLDERS for path in sorted((root / name).glob('*'))]
    # Desktops leave files of their own in folders.
    parts = [p for p in found if p.suffix in _SUFFIXES and not p.name.startswith('.')]
    sums = [f'{path.relative_to(root).as_posix()} {checksum(path)}' for path in parts]
    return f'{zlib.crc32(chr(10).join(sums).encode()):08x}'


@lru_cache(maxsize=8)
def _is_as_drawn(root: Path, expected: str) -> bool:
    """Tells whether a finished set holds what was drawn; it is read once a process."""
    return _checksum(root) == expected


class _Scenes:
    """Drawn scenes of a split, each a (JPEG, annotation, labels) of its own random numbers."""

    def __init__(self, names: Sequence[str], size: int, seed: tuple[int, int]) -> None:
        self.names, self.size, self.seed = names, size, seed

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> tuple[bytes, bytes, list[int]]:
        # A generator for each scene: what is drawn does not depend on how many there are.
        rng = np.random.default_rng((*self.seed, index))
        number = rng.choice(len(_COUNT_ODDS), p=_COUNT_ODDS) + 1
        labels = rng.choice(len(SCENE_CLASSES), number, replace=False).tolist()
        image, figures = draw_scene(rng, labels, self.size)
        picture, text = io.BytesIO(), io.BytesIO()
        # Full colour resolution, as figures differ by colour and have sharp edges.
        image.save(picture, 'JPEG', quality=92, subsampling=0)
        _annotation(f'{self.names[index]}.jpg', image, figures).write(text)
        return picture.getvalue(), text.getvalue(), labels


def _drawn(scenes: _Scenes) -> Iterator[tuple[bytes, bytes, list[int]]]:
    """Yields scenes in order; many are drawn on all cores."""
    import torch  # needed only while writing
    from torch.utils.data import DataLoader

    daemon = multiprocessing.current_process().daemon  # which may have no processes
    few = len(scenes) < _WORTH_PROCESSES or daemon
    return iter(
        DataLoader(
            scenes,  # type: ignore[arg-type]
            batch_size=None,
            num_workers=0 if few else min(_MOST_PROCESSES, os.cpu_count() or 1),
            collate_fn=_as_it_is,
            generator=torch.Generator(),  # a training's own random numbers are not to move
        )
    )


def _as_it_is(scene: Any) -> Any:
    return scene


def _write_split(root: Path, split: str, count: int, size: int, seed: tuple[int, int]) -> None:
    """Writes the images, annotations and image sets of one split."""
    from rich.progress import track  # needed only while writing

    present = np.zeros((count, len(SCENE_CLASSES)), bool)
    names = [f'{split}_{index:06d}' for index in range(count)]
    scenes = track(_drawn(_Scenes(names, size, seed)), f'Drawing {split} scenes', count)
    for index, (picture, annotation, labels) in enumerate(scenes):
        present[index, labels] = True
        (root / 'JPEGImages' / f'{names[index]}.jpg').write_bytes(picture)
        (root / 'Annotations' / f'{names[index]}.xml').write_bytes(annotation)
    lists = root / 'ImageSets' / 'Main'
    _write_lines(lists / f'{split}.txt', names)
    for label, class_name in enumerate(SCENE_CLASSES):
        flags = [' 1' if flag else '-1' for flag in present[:, label]]
        lines = [f'{name} {flag}' for name, flag in zip(names, flags, strict=True)]
        _write_lines(lists / f'{class_name}_{split}.txt', lines)


def _write_lines(path: Path, lines: Sequence[str]) -> None:
    path.write_text(''.join(f'{line}\n' for line in lines), encoding='utf-8')


def _annotation(
    filename: str, image: Image.Image, figures: Sequence[Figure]
) -> ElementTree.ElementTree:
    """The VOC annotation of one image."""
    top = ElementTree.Element('annotation')
    ElementTree.SubElement(top, 'filename').text = filename
    _add(ElementTree.SubElement(top, 'size'), width=image.width, height=image.height, depth=3)
    for figure in figures:
        item = ElementTree.SubElement(top, 'object')
        _add(item, name=SCENE_CLASSES[figure.label], difficult=0)
        corners = zip(('xmin', 'ymin', 'xmax', 'ymax'), figure.box, strict=True)
        _add(ElementTree.SubElement(item, 'bndbox'), **dict(corners))
    ElementTree.indent(top)
    return ElementTree.ElementTree(top)


def _add(parent: ElementTree.Element, **values: str | int) -> None:
    for tag, value in values.items():
        ElementTree.SubElement(parent, tag).text = str(value)
