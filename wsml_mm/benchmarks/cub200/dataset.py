"""The 312 attributes of CUB-200-2011 as a multi-label data set."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import lies_below
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .attribute_labels import read_attribute_labels, read_id_table

_SPLITS = {'train': '1', 'test': '0'}
_HINT = 'take the file of CUB_200_2011.tgz, or correct that line'


@DATASETS.register_module()
class CUB200Attributes(ColumnDataset):
    """A split of CUB-200-2011, labelled with its attributes.

    As in the field's scripts an attribute is positive where `is_present`
    is 1 and a known negative where it is 0, whatever the annotator's certainty; the split is that
    of train_test_split.txt and every image stays. Images and attributes are in the order of their
    ids, which is that of the official files. `train` is split 80/20 by
    `PartialLabelDataset(holdout=...)`, `test` is the test set. Source: the scripts of Cole
    et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        data_root: the folder that holds CUB_200_2011 and, beside or in it, attributes.txt, e.g.
            data/cub.
        split: 'train' or 'test'.
        classes: keep only these attributes, in this order; None: all.
        kwargs: prepare (False: read the official files each time, keep no columns in
            `data_root/wsml_mm`) and arguments of MMPretrain's `MultiLabelDataset`: pipeline
            (transforms of an image), data_prefix (`dict(img_path=FOLDER)`), indices (keep these
            rows only), test_mode, lazy_init (read on first use).

    Config:
        dataset = dict(type='CUB200Attributes', data_root='data/cub', split='train')
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        if split not in _SPLITS:
            raise ValueError(f'CUB200Attributes: split={split!r}; use "train" or "test"')
        kwargs.setdefault('data_prefix', {'img_path': 'CUB_200_2011/images'})
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def sources(self) -> list[Path]:
        """The files of images, split, attributes and labels."""
        root = Path(self.data_root)
        folder = root / 'CUB_200_2011'
        attributes = root / 'attributes.txt'
        if not attributes.is_file():
            attributes = folder / 'attributes.txt'
        return [
            folder / 'images.txt',
            folder / 'train_test_split.txt',
            attributes,
            folder / 'attributes' / 'image_attribute_labels.txt',
        ]

    def read_columns(self) -> LabelColumns:
        """Reads the official files.

        Raises:
            FileNotFoundError: if one is missing.
            ValueError: if a line is not of its format, an id is unknown or given twice, an image
                is outside the image folder, or an image lacks a label.
        """
        images_file, split_file, attributes_file, labels_file = self.sources
        images = read_id_table(images_file)
        splits = read_id_table(split_file)
        attributes = read_id_table(attributes_file)
        for image, name in images.items():
            if not lies_below(name, []):
                raise ValueError(
                    f'{images_file}: image {image}: {name!r} is outside the image folder; {_HINT}'
                )
            if splits.get(image) not in _SPLITS.values():
                raise ValueError(
                    f'{split_file}: image {image} has {splits.get(image)!r}, neither 1 (train) '
                    f'nor 0 (test); {_HINT}'
                )
        present = read_attribute_labels(labels_file, list(images), list(attributes))
        kept = [row for row, image in enumerate(images) if splits[image] == _SPLITS[self.split]]
        names = list(images.values())
        return LabelColumns(
            NameColumn.from_names(names[row] for row in kept),
            SparseLabels.from_dense(present[kept], rest=0),
            {'classes': tuple(attributes.values())},
        )
