"""COCO 2014 as a multi-label data set, with the image list of the field's protocol."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from mmpretrain.registry import DATASETS

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels.columns import LabelColumns

from .instances import read_instances

COCO_CLASSES = (
    'person', 'bicycle', 'car', 'motorcycle', 'airplane', 'bus', 'train', 'truck', 'boat',
    'traffic light', 'fire hydrant', 'stop sign', 'parking meter', 'bench', 'bird', 'cat', 'dog',
    'horse', 'sheep', 'cow', 'elephant', 'bear', 'zebra', 'giraffe', 'backpack', 'umbrella',
    'handbag', 'tie', 'suitcase', 'frisbee', 'skis', 'snowboard', 'sports ball', 'kite',
    'baseball bat', 'baseball glove', 'skateboard', 'surfboard', 'tennis racket', 'bottle',
    'wine glass', 'cup', 'fork', 'knife', 'spoon', 'bowl', 'banana', 'apple', 'sandwich',
    'orange', 'broccoli', 'carrot', 'hot dog', 'pizza', 'donut', 'cake', 'chair', 'couch',
    'potted plant', 'bed', 'dining table', 'toilet', 'tv', 'laptop', 'mouse', 'remote',
    'keyboard', 'cell phone', 'microwave', 'oven', 'toaster', 'sink', 'refrigerator', 'book',
    'clock', 'vase', 'scissors', 'teddy bear', 'hair drier', 'toothbrush',
)  # fmt: skip


@DATASETS.register_module()
class COCO2014(ColumnDataset):
    """A split of COCO 2014: labels from `annotations/instances_{split}2014.json`.

    As in the field's scripts a class is positive where any annotation of
    it lies in the image, crowds included; classes are numbered in the order of `categories`, and
    images sorted by their ids as strings. Images without a positive among `classes` are left out.
    The official `train` is split 80/20 by `PartialLabelDataset(holdout=...)`, the official `val`
    is the test set. Source: the scripts of Cole et al., CVPR 2021,
    https://arxiv.org/abs/2106.09708.

    Args:
        data_root: the folder that holds annotations, train2014 and val2014, e.g. data/coco.
        split: 'train' or 'val'.
        classes: keep only these, in this order; None: all of the file's categories.
        keep_empty: keep images without any positive.
        kwargs: prepare (False: read the official files each time, keep no columns in
            `data_root/wsml_mm`) and arguments of MMPretrain's `MultiLabelDataset`: pipeline
            (transforms of an image), data_prefix (`dict(img_path=FOLDER)`), indices (keep these
            rows only), test_mode, lazy_init (read on first use).

    Config:
        dataset = dict(type='COCO2014', data_root='data/coco', split='train')
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': COCO_CLASSES}

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        classes: Sequence[str] | None = None,
        keep_empty: bool = False,
        **kwargs: Any,
    ) -> None:
        self.keep_empty = keep_empty
        kwargs.setdefault('data_prefix', {'img_path': f'{split}2014'})
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def sources(self) -> list[Path]:
        """The annotation file."""
        return [Path(self.data_root) / 'annotations' / f'instances_{self.split}2014.json']

    def read_columns(self) -> LabelColumns:
        """Reads the annotation file: all images, annotated or not."""
        return read_instances(self.sources[0])
