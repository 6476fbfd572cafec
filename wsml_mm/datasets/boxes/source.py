"""Finding the boxes that belong to a data set, for command lines."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from wsml_mm.datasets.nesting import innermost


def from_path(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Returns the config of a box source: a folder is VOC, a .json COCO, a .csv OpenImages.

    Raises:
        ValueError: if the path is none of them.
    """
    path = Path(path).expanduser()
    if path.is_dir():
        return dict(type='VOCBoxes', folder=str(path))
    if path.suffix == '.json':
        return dict(type='COCOBoxes', ann_file=str(path))
    if path.suffix == '.csv':
        return dict(type='OpenImagesBoxes', csv_file=str(path))
    raise ValueError(
        f'{path}: no boxes there; give a folder of VOC annotations, an instances file of COCO '
        '(.json) or a box file of OpenImages (.csv)'
    )


def beside_dataset(dataset: Mapping[str, Any]) -> dict[str, Any] | None:
    """Returns the config of the boxes of a data set in VOC layout, None where there are none.

    Args:
        dataset: config, also of wrapped datasets.
    """
    root = innermost(dataset).get('data_root')
    folder = Path(str(root)).expanduser() / 'Annotations'
    return from_path(folder) if root and folder.is_dir() else None
