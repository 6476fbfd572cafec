"""COCO's instance annotations as multi-label columns, parsed once and object by object."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.json_files import json_text, parsing, unique_keys
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

# All that is kept while the file is parsed: the outlines of objects are nine tenths of it.
_KEPT = (
    'annotations', 'images', 'categories', 'image_id', 'category_id', 'id', 'file_name', 'name',
)  # fmt: skip


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
    # With pyarrow: not to be imported to register.
    from wsml_mm.datasets.table.image_names import image_name
    from wsml_mm.datasets.table.json_coco import places, texts_by_id

    content = _parse(path)
    try:
        names = texts_by_id(content, 'images', 'file_name', image_name)
        classes = texts_by_id(content, 'categories', 'name')
        images = sorted(names, key=str)
        rows = places(content, 'image_id', 'images', images)
        labels = places(content, 'category_id', 'categories', list(classes))
    except ValueError as error:
        raise ValueError(f'{path}: {error}') from error
    key = np.unique(rows * len(classes) + labels)  # a class may have many instances
    return LabelColumns(
        NameColumn.from_names(names[image] for image in images),
        SparseLabels.from_pairs(
            key // len(classes), key % len(classes), 1, (len(images), len(classes))
        ),
        {'classes': tuple(classes.values())},
    )


def _parse(path: Path) -> Any:
    """Parses the file; what is not needed goes as soon as its object is parsed.

    Whole, the parsed train2014 takes 1.9 GB; so, twice the file's size and half the time.
    """
    from rich.progress import Progress

    seen = 0
    with Progress(transient=True) as progress:
        bar = progress.add_task(f'reading {path.name}', total=None)

        def slim(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
            nonlocal seen
            seen += 1
            if seen % 8192 == 0:
                progress.update(bar, completed=seen)
            found = unique_keys(pairs)
            return {key: found[key] for key in _KEPT if key in found}

        with parsing(path):
            text = json_text(path.read_bytes())
            progress.update(bar, total=text.count('"id"'))
            return json.loads(text, object_pairs_hook=slim)
