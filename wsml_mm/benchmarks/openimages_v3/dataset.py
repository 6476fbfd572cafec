"""OpenImages V3: 5,000 classes, a few human-verified labels an image, five groups by frequency."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpretrain.registry import DATASETS
from numpy.typing import NDArray

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.sparse import SparseLabels

from .class_files import read_class_names, read_trainable
from .image_ids import image_names
from .merging import merge_labels, reorder_classes
from .verified_labels import read_verified_labels

SPLITS = ('train', 'validation', 'test')
NUM_GROUPS = 5
_RELEASE = '2017_11'
_GET = (
    'extract annotations_human_2017_11.tar.gz and classes_2017_11.tar.gz of OpenImages in data_root'
)


@DATASETS.register_module()
class OpenImagesV3(ColumnDataset):
    """A split of OpenImages V3 with its human-verified labels, the rest unobserved.

    The protocol of Large Loss Matters (Kim et al., CVPR 2022, https://arxiv.org/abs/2206.03740, and
    its sequel of 2023): the trainable classes, sorted ascending by their number of annotations
    (positive and negative) in the training split, make five equal groups G1 (rarest) to G5, for
    `MeanAveragePrecision(groups='dataset')`. All splits have this order of classes.

    Left open there and decided here: ties go by class id; images are sorted by id; a label that is
    given twice counts once, and is positive where both values are given. How often that
    happens is in the metainfo (`annotation_counts`) and in the log.

    Args:
        data_root: the folder that `2017_11` was extracted to; images are `<split>/<id>.jpg` below
            it, elsewhere with data_prefix=dict(img_path=FOLDER).
        split: 'train', 'validation' or 'test'. The order of classes comes from the training file.
        classes: keep only these, by name, in this order; None: the trainable classes.
        keep_unlabelled: keep images that have labels of other than trainable classes only; without
            a known label they are no part of any score.
        kwargs: prepare (False: read the official files each time, keep no columns in
            `data_root/wsml_mm`) and arguments of MMPretrain's `MultiLabelDataset`: pipeline
            (transforms of an image), data_prefix (`dict(img_path=FOLDER)`), indices (keep these
            rows only), test_mode, lazy_init (read on first use).

    Raises:
        ValueError: if the split is unknown.

    Config:
        dataset = dict(type='OpenImagesV3', data_root='data/openimages/2017_11', split='train')
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        keep_unlabelled: bool = False,
        **kwargs: Any,
    ) -> None:
        if split not in SPLITS:
            raise ValueError(f'split={split!r}: OpenImages V3 has {", ".join(SPLITS)}')
        self.keep_unlabelled = keep_unlabelled
        kwargs.setdefault('data_prefix', {'img_path': split})
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns."""
        return super().prepared_name + ('_all' if self.keep_unlabelled else '')

    @property
    def sources(self) -> list[Path]:
        """The official files of the split, and the training file that orders the classes."""
        splits = {self.split, 'train'}
        return [*map(self._annotations, sorted(splits)), *self._class_files()]

    def read_columns(self) -> LabelColumns:
        """Reads the official files.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: if one is damaged, or no image is left.
        """
        path = self._annotations(self.split)
        for needed in (path, *self._class_files()):
            if not needed.is_file():
                raise FileNotFoundError(f'{needed}: no such file; {_GET}')
        ids = read_trainable(self._class_files()[0])
        index = {label: place for place, label in enumerate(ids)}
        images, labels, counts = merge_labels(
            read_verified_labels(path, index), len(ids), self.keep_unlabelled
        )
        if not len(images):
            raise ValueError(f'{path}: no image has a label of a trainable class; {_GET}')
        order = self._class_order(ids, labels)
        print_log(f'{path}: {_as_text(counts)}', logger='current')
        names = read_class_names(self._class_files()[1], [ids[place] for place in order])
        parts = np.array_split(np.arange(len(ids)), NUM_GROUPS)
        metainfo = {
            'classes': names,
            'class_ids': [ids[place] for place in order],
            'groups': {f'G{number}': part.tolist() for number, part in enumerate(parts, start=1)},
            'annotation_counts': counts,
        }
        return LabelColumns(image_names(images), reorder_classes(labels, order), metainfo)

    def _class_order(self, ids: Sequence[str], labels: SparseLabels) -> NDArray[np.int64]:
        """Returns the positions of the classes in `ids`, rarest in training first."""
        if self.split == 'train':
            counts = np.bincount(labels.classes, minlength=len(ids))
            return np.lexsort((np.array(ids), counts))
        training = OpenImagesV3(
            self.data_root, 'train', keep_unlabelled=self.keep_unlabelled, prepare=self.prepare
        )
        place = {label: position for position, label in enumerate(ids)}
        ordered = training.metainfo['class_ids']
        if set(ordered) != set(place):
            raise ValueError(
                f'{training.prepared_folder}: orders other classes than '
                f'{self._class_files()[0]} lists; delete the folder, it is made anew'
            )
        return np.array([place[label] for label in ordered])

    def _annotations(self, split: str) -> Path:
        path = Path(self.data_root, _RELEASE, split, 'annotations-human.csv')
        packed = path.with_name(f'{path.name}.gz')
        return packed if packed.is_file() and not path.is_file() else path

    def _class_files(self) -> list[Path]:
        folder = Path(self.data_root, _RELEASE)
        return [folder / 'classes-trainable.txt', folder / 'class-descriptions.csv']


def _as_text(counts: dict[str, int]) -> str:
    return ', '.join(f'{number:,} {what}' for what, number in counts.items())
