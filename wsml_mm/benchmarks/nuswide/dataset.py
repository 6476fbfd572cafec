"""NUS-WIDE in the two versions that papers report on, whose numbers must not be compared."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from mmpretrain.registry import DATASETS

from wsml_mm.datasets.column_dataset import ColumnDataset
from wsml_mm.labels.columns import LabelColumns

from .lists import concept_file, label_folder, read_concepts, read_formatted, read_lists

# The owners' Concepts81.txt: alphabetical.
NUSWIDE_CLASSES = (
    'airport', 'animal', 'beach', 'bear', 'birds', 'boats', 'book', 'bridge', 'buildings', 'cars',
    'castle', 'cat', 'cityscape', 'clouds', 'computer', 'coral', 'cow', 'dancing', 'dog',
    'earthquake', 'elk', 'fire', 'fish', 'flags', 'flowers', 'food', 'fox', 'frost', 'garden',
    'glacier', 'grass', 'harbor', 'horses', 'house', 'lake', 'leaf', 'map', 'military', 'moon',
    'mountain', 'nighttime', 'ocean', 'person', 'plane', 'plants', 'police', 'protest', 'railroad',
    'rainbow', 'reflection', 'road', 'rocks', 'running', 'sand', 'sign', 'sky', 'snow', 'soccer',
    'sports', 'statue', 'street', 'sun', 'sunset', 'surf', 'swimmers', 'tattoo', 'temple', 'tiger',
    'tower', 'town', 'toy', 'train', 'tree', 'valley', 'vehicle', 'water', 'waterfall', 'wedding',
    'whales', 'window', 'zebra',
)  # fmt: skip

_SPLITS = {'cole': ('train', 'val'), 'official': ('train', 'test')}


@DATASETS.register_module()
class NUSWIDE(ColumnDataset):
    """A split of NUS-WIDE with its 81 concepts.

    Two versions are in use, with other images and another split; numbers on one say nothing about
    the other:

    - 'cole': 150,000 training and 60,260 test images that could still be crawled in 2020, as fixed
      in `formatted_{split}_{images,labels}.npy` (Cole et al., CVPR 2021; also Large Loss Matters).
      The files name no classes: their columns are taken to be in the order of the owners' list,
      which `tools/prepare_dataset.py` lets you check by the most frequent ones.
    - 'official': the owners' 161,789 training and 107,859 test images, from
      `ImageList/{Train,Test}Imagelist.txt` and `TrainTestLabels/Labels_{concept}_{Train,Test}.txt`.

    Rows are in the order of the files. Of either version about a fifth of the images have no
    label; papers on 'cole' keep them, and so does this class. Source of 'cole': Cole et al., CVPR
    2021, https://arxiv.org/abs/2106.09708, its files https://zenodo.org/records/10162606.

    Args:
        data_root: the folder that holds Flickr and the files above, e.g. data/nuswide.
        split: 'train', or of the test images 'val' ('cole') or 'test' ('official').
        version: 'cole' or 'official'.
        classes: keep only these, in this order; None: all.
        keep_empty: keep images without any positive.
        kwargs: prepare (False: read the official files each time, keep no columns in
            `data_root/wsml_mm`) and arguments of MMPretrain's `MultiLabelDataset`: pipeline
            (transforms of an image), data_prefix (`dict(img_path=FOLDER)`), indices (keep these
            rows only), test_mode, lazy_init (read on first use).

    Config:
        dataset = dict(type='NUSWIDE', data_root='data/nuswide', split='train', version='cole')
    """

    METAINFO: ClassVar[dict[str, Any]] = {'classes': NUSWIDE_CLASSES}

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        split: str = 'train',
        version: str = 'cole',
        classes: Sequence[str] | None = None,
        keep_empty: bool = True,
        **kwargs: Any,
    ) -> None:
        if split not in _SPLITS.get(version, ()):
            raise ValueError(
                f'NUSWIDE: version={version!r}, split={split!r}; use one of '
                + ', '.join(f'{name!r}: {splits}' for name, splits in _SPLITS.items())
            )
        self.version, self.keep_empty = version, keep_empty
        kwargs.setdefault('data_prefix', {'img_path': 'Flickr'})
        super().__init__(data_root, split, classes, **kwargs)

    @property
    def prepared_name(self) -> str:
        """The name of the split's folder of columns."""
        return f'nuswide_{self.version}_{self.split}'

    @property
    def sources(self) -> list[Path]:
        """The list of images, then the files of labels, then that of the concepts."""
        root = Path(self.data_root)
        if self.version == 'cole':
            return [root / f'formatted_{self.split}_{part}.npy' for part in ('images', 'labels')]
        folder, part = label_folder(root), self.split.capitalize()
        return [
            root / 'ImageList' / f'{part}Imagelist.txt',
            *(folder / f'Labels_{name}_{part}.txt' for name in self._concepts()),
            *([listed] if (listed := concept_file(root)) else []),
        ]

    def read_columns(self) -> LabelColumns:
        """Reads the files of the version."""
        images, *labels = self.sources
        if self.version == 'cole':
            return read_formatted(images, labels[0], NUSWIDE_CLASSES)
        concepts = self._concepts()
        return read_lists(images, labels[: len(concepts)], concepts)

    def _concepts(self) -> tuple[str, ...]:
        return read_concepts(Path(self.data_root)) or NUSWIDE_CLASSES
