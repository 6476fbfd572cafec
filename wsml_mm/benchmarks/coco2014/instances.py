"""COCO's instance annotations as multi-label columns, parsed once and object by object."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import is_plain_name, one_line
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

# All that is kept while the file is parsed: the outlines of objects are nine tenths of it.
_KEPT = (
    'annotations', 'images', 'categories', 'image_id', 'category_id', 'id', 'file_name', 'name',
)  # fmt: skip
_HINT = 'take the file as the owners of COCO distribute it, or correct that entry'

Instances = dict[str, list[dict[str, Any]]]


def read_instances(path: Path) -> LabelColumns:
    """Reads a file of instances: a class is positive where any annotation of it lies in the image.

    As in the field's script (Cole et al., CVPR 2021) crowds count, classes are numbered in the
    order of `categories` and images are sorted by their ids as strings.

    Args:
        path: of `instances_train2014.json` or another of its format.

    Returns:
        All images of the file, annotated or not.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an annotation of instances, an id is unknown or given twice, or
            the name of an image is outside the image folder.
    """
    if not path.is_file():
        raise FileNotFoundError(
            f'{path}: no such annotation file; data_root must hold annotations, train2014 and '
            'val2014 (unpack annotations_trainval2014.zip there)'
        )
    instances = _parse(path)
    names = _texts_by_id(path, instances, 'images', 'file_name')
    classes = _texts_by_id(path, instances, 'categories', 'name')
    for image, name in names.items():
        if not is_plain_name(name):
            raise ValueError(
                f'{path}: image {image}: file_name {name!r} is outside the image folder; {_HINT}'
            )
    images = sorted(names, key=str)
    rows = _places(path, instances, 'image_id', 'images', images)
    labels = _places(path, instances, 'category_id', 'categories', list(classes))
    key = np.unique(rows * len(classes) + labels)  # a class may have many instances
    return LabelColumns(
        NameColumn.from_names(names[image] for image in images),
        SparseLabels.from_pairs(
            key // len(classes), key % len(classes), 1, (len(images), len(classes))
        ),
        {'classes': tuple(classes.values())},
    )


def _parse(path: Path) -> Instances:
    """Parses the file; what is not needed goes as soon as its object is parsed.

    Whole, the parsed train2014 takes 1.9 GB; so, twice the file's size and half the time.
    """
    from rich.progress import Progress

    seen = 0
    with Progress(transient=True) as progress:
        bar = progress.add_task(f'reading {path.name}', total=None)

        def slim(found: dict[str, Any]) -> dict[str, Any]:
            nonlocal seen
            seen += 1
            if seen % 8192 == 0:
                progress.update(bar, completed=seen)
            return {key: found[key] for key in _KEPT if key in found}

        try:
            text = path.read_text(encoding='utf-8')
            progress.update(bar, total=text.count('"id"'))
            instances: Instances = json.loads(text, object_hook=slim)
        except (ValueError, RecursionError) as error:
            raise ValueError(
                f'{path}: is not a UTF-8 JSON file ({one_line(error)}); unpack it anew'
            ) from error
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(instances, dict) or not isinstance(instances.get(key), list):
            raise ValueError(f'{path}: has no list {key!r}; take instances_*2014.json of COCO')
    return instances


def _texts_by_id(path: Path, instances: Instances, key: str, value: str) -> dict[int, str]:
    """Returns one text of each entry of a list by the entry's id, in the order of the list."""
    found: dict[int, str] = {}
    for place, entry in enumerate(instances[key]):
        where = f'{path}: {key}[{place}]'
        if not isinstance(entry, dict) or not isinstance(entry.get(value), str):
            raise ValueError(f'{where}: has no text {value!r}; {_HINT}')
        if not isinstance(entry.get('id'), int):
            raise ValueError(f'{where}: id {entry.get("id")!r} is not a whole number; {_HINT}')
        if entry['id'] in found:
            raise ValueError(f'{where}: id {entry["id"]} is given twice; {_HINT}')
        found[entry['id']] = entry[value]
    if len(set(found.values())) < len(found):
        twice = Counter(found.values()).most_common(1)[0][0]
        raise ValueError(f'{path}: {key}: {value} {twice!r} is given twice; {_HINT}')
    return found


def _places(
    path: Path, instances: Instances, key: str, among: str, ids: Sequence[int]
) -> NDArray[np.int64]:
    """Returns where in `ids` each annotation's image or category stands, (annotations,)."""
    known = {number: place for place, number in enumerate(ids)}
    found = []
    for place, entry in enumerate(instances['annotations']):
        number = entry.get(key) if isinstance(entry, dict) else None
        if not isinstance(number, int) or number not in known:
            raise ValueError(
                f'{path}: annotations[{place}]: {key} {number!r} is not among {among}; {_HINT}'
            )
        found.append(known[number])
    return np.array(found, np.int64)
