"""Boxes of a Pascal VOC devkit: one XML file an image."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets.table.problem import RowError
from wsml_mm.datasets.table.voc_xml import is_difficult, read_voc_xml, text_of, voc_files

from .table import BoxTable, is_box

_CORNERS = ('xmin', 'ymin', 'xmax', 'ymax')


@TASK_UTILS.register_module()
class VOCBoxes:
    """Boxes of a folder of VOC annotations.

    Args:
        folder: holds one XML file an image, e.g. data/VOCdevkit/VOC2012/Annotations.
        difficult: keep the objects marked difficult, which are no positive labels in `VOC2012`.
        one_based: pixels are counted from 1 and the last one belongs to the box, as VOC has it;
            False for tools that write continuous coordinates from 0.

    Config:
        boxes = dict(type='VOCBoxes', folder='data/VOCdevkit/VOC2012/Annotations')
    """

    def __init__(
        self, folder: str | os.PathLike[str], difficult: bool = False, one_based: bool = True
    ) -> None:
        self.folder, self.difficult, self.one_based = folder, difficult, one_based

    def __call__(self, classes: Sequence[str]) -> BoxTable:
        """Reads the boxes of these classes."""
        return read_voc_boxes(self.folder, classes, self.difficult, self.one_based)


def read_voc_boxes(
    folder: str | os.PathLike[str],
    classes: Sequence[str],
    difficult: bool = False,
    one_based: bool = True,
) -> BoxTable:
    """Reads the boxes of the named classes; objects of other classes are left out.

    Args:
        folder: of the XML files.
        classes: names in the order of the class indices.
        difficult: see `VOCBoxes`.
        one_based: see `VOCBoxes`.

    Raises:
        FileNotFoundError: if there is no XML file.
        ValueError: if a file is not a VOC annotation, or none has a box of the classes.
    """
    from rich.progress import track

    folder = Path(folder).expanduser()
    files = voc_files(folder)
    if not files:
        raise FileNotFoundError(
            f'{folder}: no VOC annotation (*.xml) there; give the folder Annotations of the devkit'
        )
    indices = {name: index for index, name in enumerate(classes)}
    image, labels, corners = [], [], []
    few = len(files) < 1000
    for number, file in enumerate(track(files, 'reading boxes', transient=True, disable=few)):
        for name, box in _objects(file, difficult):
            if name in indices:
                image.append(number)
                labels.append(indices[name])
                # Inclusive pixels from 1 cover [xmin - 1, xmax) in continuous coordinates.
                corners.append([box[0] - one_based, box[1] - one_based, *box[2:]])
    return BoxTable.from_columns([f.stem for f in files], image, labels, corners, str(folder))


def _objects(file: Path, difficult: bool) -> list[tuple[str, list[float]]]:
    top = read_voc_xml(file)
    if isinstance(top, RowError):
        raise ValueError(f'{file}: {top.what}; {top.fix}')
    found = []
    for item in top.iter('object'):
        hard = is_difficult(item)
        if isinstance(hard, RowError):
            raise ValueError(f'{file}: {hard.what}; {hard.fix}')
        if hard and not difficult:
            continue
        name = text_of(item, 'name')
        try:
            box = [float(item.findtext(f'bndbox/{corner}') or '') for corner in _CORNERS]
        except ValueError:
            box = [0, 0, -1, -1]
        if not name or not is_box(*box):
            raise ValueError(
                f'{file}: object {name!r} lacks a name or a bndbox with xmin <= xmax and ymin <= '
                'ymax, finite; correct or remove it'
            )
        found.append((name, box))
    return found
