"""Boxes of a COCO instances file."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from mmpretrain.registry import TASK_UTILS

from wsml_mm.labels.files import one_line, reading
from wsml_mm.labels.json_files import load_json

from .table import BoxTable, image_key, is_box


@TASK_UTILS.register_module()
class COCOBoxes:
    """Boxes of a COCO instances file, such as annotations/instances_val2014.json.

    Args:
        ann_file: the JSON file.
        crowds: keep the boxes of crowds (`iscrowd`), which enclose many objects at once.

    Config:
        boxes = dict(type='COCOBoxes', ann_file='data/coco/annotations/instances_val2014.json')
    """

    def __init__(self, ann_file: str | os.PathLike[str], crowds: bool = False) -> None:
        self.ann_file, self.crowds = ann_file, crowds

    def __call__(self, classes: Sequence[str]) -> BoxTable:
        """Reads the boxes of these classes."""
        return read_coco_boxes(self.ann_file, classes, self.crowds)


def read_coco_boxes(
    ann_file: str | os.PathLike[str], classes: Sequence[str], crowds: bool = False
) -> BoxTable:
    """Reads the boxes of the named classes; other categories are left out.

    Categories are matched by name, so that gaps in COCO's ids do not matter.

    Args:
        ann_file: the JSON file.
        classes: names in the order of the class indices.
        crowds: see `COCOBoxes`.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not an instances file, an annotation is damaged, or there is no box of
            the classes.
    """
    path = os.path.expanduser(ann_file)
    with reading(path):
        content = load_json(path)
    try:
        names = {entry['id']: entry['name'] for entry in content['categories']}
        rows = {entry['id']: row for row, entry in enumerate(content['images'])}
        keys = [image_key(entry['file_name']) for entry in content['images']]
        found = content['annotations']
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{path}: is not a COCO instances file ({one_line(error)}); it needs images (id, '
            'file_name), categories (id, name) and annotations'
        ) from error
    indices = {name: index for index, name in enumerate(classes)}
    label_of = {number: indices[name] for number, name in names.items() if name in indices}
    image, labels, corners = [], [], []
    for entry in found:
        row, category, box, crowd = _annotation(entry, path, rows, names)
        if category in label_of and (crowds or not crowd):
            image.append(row)
            labels.append(label_of[category])
            corners.append(box)
    return BoxTable.from_columns(keys, image, labels, corners, path)


def _annotation(
    entry: Any, path: str, rows: Mapping[Any, int], names: Mapping[Any, str]
) -> tuple[int, Any, list[float], bool]:
    """Returns an annotation's image, category, corners and whether it is a crowd."""
    try:
        box = [float(value) for value in entry['bbox']]
        row, category = rows[entry['image_id']], entry['category_id']
        corners = [*box[:2], *(start + size for start, size in zip(box, box[2:], strict=False))]
        if len(box) != 4 or not is_box(*corners) or category not in names:
            raise ValueError('it needs a bbox of x, y, width, height and a listed category')
        if (crowd := entry.get('iscrowd', 0)) not in (0, 1):
            raise ValueError(f'iscrowd {crowd!r} is neither 0 nor 1')
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        number = entry.get('id') if isinstance(entry, dict) else entry
        raise ValueError(
            f'{path}: annotation {number!r} is damaged ({one_line(error)}); correct or remove it'
        ) from error
    return row, category, corners, bool(crowd)
