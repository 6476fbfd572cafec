"""The embedded default: composed scenes, written on first use, for a run without any download."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from mmpretrain.registry import DATASETS

from wsml_mm.benchmarks.voc2012 import VOC2012

from .drawing import SCENE_CLASSES
from .writer import write_scenes


@DATASETS.register_module()
class ComposedScenes(VOC2012):
    """Coloured geometric figures on cluttered ground, 20 classes, 1-3 a scene, boxes known.

    The pictures are drawn once from one seed and lie in VOC devkit layout.

    Args:
        data_root: folder to write to on first use and to read from afterwards.
        split: 'train' or 'val'.
        num_train: scenes of the split 'train'.
        num_val: scenes of the split 'val'.
        size: side of a scene in pixels.
        seed: of the drawing.
        kwargs: classes (keep only these of the 20, in this order), keep_empty (keep images without
            any positive) and arguments of MMPretrain's `MultiLabelDataset`: pipeline (transforms
            of an image), indices (keep these rows only), test_mode, lazy_init (read on first use).

    Config:
        dataset = dict(type='ComposedScenes', data_root='data/composed_scenes', split='train')
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': SCENE_CLASSES}

    def __init__(
        self,
        data_root: str | os.PathLike[str] = 'data/composed_scenes',
        split: str = 'train',
        num_train: int = 1500,
        num_val: int = 600,
        size: int = 128,
        seed: int = 0,
        **kwargs: Any,
    ) -> None:
        root = write_scenes(os.path.expanduser(data_root), num_train, num_val, size, seed)
        super().__init__(data_root=root, split=split, **kwargs)
