"""Pascal VOC devkits, with the image list and labels of the field's multi-label protocol."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks.benchmark import SPLIT_SIZES, Benchmark
from wsml_mm.benchmarks.downloads import Download
from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.datasets.table.problem import RowError
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import IMAGE_SUFFIXES, numbered_lines
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.read_once import read_once
from wsml_mm.labels.sparse import SparseLabels

VOC_CLASSES = (
    'aeroplane', 'bicycle', 'bird', 'boat', 'bottle', 'bus', 'car', 'cat', 'chair', 'cow',
    'diningtable', 'dog', 'horse', 'motorbike', 'person', 'pottedplant', 'sheep', 'sofa', 'train',
    'tvmonitor',
)  # fmt: skip

# CVAT puts names with blanks in quotation marks.
_LINE = re.compile(r'(?:"([^"]+)"|(\S+))\s+(1|0|-1)')

BENCHMARKS = {
    'voc2012': Benchmark(
        dataset=dict(type='VOC2012'),
        folder='',
        data_root='VOCdevkit/VOC2012',
        downloads=(
            Download(
                'VOCtrainval_11-May-2012.tar',
                'https://thor.robots.ox.ac.uk/pascal/VOC/voc2012/VOCtrainval_11-May-2012.tar',
                ('VOCdevkit/VOC2012/ImageSets/Main/', 'VOCdevkit/VOC2012/JPEGImages/'),
                size=1_999_639_040,
                checksum='md5:6cd6e144f989b92b3379bac3b3de84fd',
            ),
        ),
        published={
            'train': {
                'images': 5717, 'training part': 4574, 'held out': 1143, 'classes': 20,
                'no label': 0,
            },
            'val': {'images': 5823, 'classes': 20, 'no label': 0},
        },
        source=SPLIT_SIZES,
    ),
}  # fmt: skip


@DATASETS.register_module()
class VOC2012(ColumnDataset):
    """A split of a VOC devkit: labels from `ImageSets/Main/{class}_{split}.txt`.

    As in the field's scripts only 1 is positive: 0 ("difficult objects only") and -1 are negative,
    in training and test. Images without a positive among `classes` are left out and the rest is
    sorted by file name as strings. The official `train` is split 80/20 by
    `PartialLabelDataset(holdout=...)`, the official `val` is the test set. Source: the scripts
    of Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        data_root: the folder that holds JPEGImages and ImageSets, e.g. data/VOCdevkit/VOC2012.
        split: 'train', 'val', or another for which the class files exist.
        classes: names of the class files; None: the 20 of VOC.
        keep_empty: keep images without any positive.
        kwargs: prepare (True: keep the columns, once read, in `data_root/wsml_mm`) and arguments
            of MMPretrain's `MultiLabelDataset`: pipeline (transforms of an image), data_prefix
            (`dict(img_path=FOLDER)`), indices (keep these rows only), test_mode, lazy_init (read
            on first use).

    Config:
        dataset = dict(type='VOC2012', data_root='data/VOCdevkit/VOC2012', split='train')
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': VOC_CLASSES}

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        keep_empty: bool = False,
        **kwargs: Any,
    ) -> None:
        self.keep_empty = keep_empty
        kwargs.setdefault('data_prefix', {'img_path': 'JPEGImages'})
        # Its class files are read in a second: a kept copy would only be one more thing that ages.
        kwargs.setdefault('prepare', False)
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns; of its classes where they are not all."""
        classes = list(self.metainfo['classes'])
        own = [classes, self.keep_empty]
        if own == [list(self.METAINFO['classes']), False]:
            return super().prepared_name
        digest = hashlib.sha256(json.dumps(own).encode()).hexdigest()[:12]
        return f'{super().prepared_name}_{digest}'

    @property
    def sources(self) -> list[Path]:
        """The class files."""
        return self._class_files(Path(self.data_root) / 'ImageSets' / 'Main')

    def read_columns(self) -> LabelColumns:
        """Reads the class files.

        Raises:
            FileNotFoundError: if the devkit or a class file is missing.
            ValueError: if a line is not a name and 1, 0 or -1, a name is outside the image folder,
                an image is listed twice in one file, or no image is left.
        """
        folder = Path(self.data_root) / 'ImageSets' / 'Main'
        if not folder.is_dir():
            raise FileNotFoundError(
                f'{folder}: no VOC devkit there; data_root must hold JPEGImages and ImageSets/Main '
                '(VOC2012: extract VOCtrainval_11-May-2012.tar, then data_root=.../VOC2012)'
            )
        made_from = ('VOC2012', tuple(self.metainfo['classes']), self.keep_empty)
        return read_once(made_from, self._class_files(folder), partial(self._read, folder))

    def _class_files(self, folder: Path) -> list[Path]:
        return [folder / f'{name}_{self.split}.txt' for name in self.metainfo['classes']]

    def _read(self, folder: Path) -> LabelColumns:
        positives: dict[str, list[int]] = {}
        for index, path in enumerate(self._class_files(folder)):
            for image, label in self._read_class_file(path):
                listed = positives.setdefault(image, [])
                if label == 1:
                    listed.append(index)
        files = sorted(f for f in positives if positives[f] or self.keep_empty)
        if not files:
            raise ValueError(
                f'{folder}: no image of split {self.split!r} has a label 1; check the class files, '
                'or set keep_empty=True'
            )
        classes = tuple(self.metainfo['classes'])
        labels = SparseLabels.from_rows([(positives[f], ()) for f in files], len(classes))
        return LabelColumns(NameColumn.from_names(files), labels, {'classes': classes})

    def _read_class_file(self, path: Path) -> Iterator[tuple[str, int]]:
        seen: set[str] = set()
        hint = (
            'class names and split must be those of the devkit '
            f'(classes={list(self.metainfo["classes"])}, split={self.split!r})'
        )
        names = path.with_name(f'{self.split}.txt')
        if names.is_file() and (Path(self.data_root) / 'Annotations').is_dir():
            hint = (
                'the labels of XML files are read by '
                f"LabelTable(ann_file='ImageSets/Main/{names.name}', data_prefix='JPEGImages')"
            )
        for number, line in numbered_lines(path, 'class file', hint):
            fields = _LINE.fullmatch(line)
            if fields is None:
                raise ValueError(
                    f'{path}:{number}: {line!r} is not "IMAGE LABEL" with a label of '
                    '1 (present), 0 (difficult only) or -1 (absent); correct the line'
                )
            listed = fields[1] or fields[2]
            image = _file_name(listed)
            if isinstance(image, RowError):
                raise ValueError(f'{path}:{number}: {image.what}; {image.fix}')
            if image in seen:
                raise ValueError(
                    f'{path}:{number}: image {listed} is listed twice; remove one line'
                )
            seen.add(image)
            yield image, int(fields[3])


def _file_name(listed: str) -> str | RowError:
    """Returns the file of an image, which own devkits list with its suffix or folder too."""
    from wsml_mm.datasets.table.image_names import (
        image_name,  # with pyarrow: not to be imported to register
    )

    name = image_name(listed)
    if isinstance(name, RowError) or os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:
        return name
    return f'{name}.jpg'
