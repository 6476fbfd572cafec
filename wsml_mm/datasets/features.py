"""Features of a frozen backbone, extracted once into a file and served as a dataset."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from mmpretrain.registry import DATASETS, TRANSFORMS
from numpy.typing import NDArray

from wsml_mm.labels.files import array_error, one_line, write_rows, writing
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.sparse import SparseLabels

from .annotations import read_labels, read_names, with_dense_labels
from .feature_extraction import build_extractor, extract_features

_WRITE_HINT = 'free some space, or give another cache folder'


@DATASETS.register_module()
class FeatureDataset:
    """Serves a dataset's images as features of a frozen backbone (LinearInit's first stage).

    All images go through the dataset's own pipeline (which must not augment) and the extractor
    once; the result is kept in `cache` together with what it was made from. A cache made with
    other weights, another pipeline, dtype or changed images is refused, never silently used. Put
    `PartialLabelDataset` around it and `FeatureInput` in place of the model's backbone. Source of
    LinearInit: Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        dataset: config of the image dataset, with its test pipeline.
        extractor: `dict(backbone=..., neck=..., data_preprocessor=...)` as in a model config.
        cache: folder of the feature files; one a list of images.
        dtype: 'float32' or 'float16', as stored.
        batch_size: images at a time while extracting; None: 64 on a GPU, 8 on a CPU, whose
            caches larger batches overflow.
        num_workers: loader processes while extracting.
        lazy_init: load on first use.

    Config:
        neck = dict(type='GlobalAveragePooling')
        extractor = dict(backbone=dict(type='ResNet', depth=50), neck=neck)
        images = dict(type='VOC2012', data_root='data/VOCdevkit/VOC2012')
        dataset = dict(type='FeatureDataset', dataset=images, extractor=extractor, cache='cache')
    """

    def __init__(
        self,
        dataset: Any,
        extractor: dict[str, Any],
        cache: str | os.PathLike[str],
        dtype: str = 'float32',
        batch_size: int | None = None,
        num_workers: int = 1,
        lazy_init: bool = False,
    ) -> None:
        if dtype not in ('float32', 'float16'):
            raise ValueError(f'dtype={dtype!r}: features are stored as "float32" or "float16"')
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        self.spec = json.dumps(extractor, sort_keys=True)
        self.cache, self.dtype = Path(cache), dtype
        self.batch_size, self.num_workers = batch_size, num_workers
        self.pipeline = Compose([TRANSFORMS.build(dict(type='PackInputs', input_key='feature'))])
        self.features: NDArray[Any] | None = None
        if not lazy_init:
            self.full_init()

    @property
    def metainfo(self) -> dict[str, Any]:
        """The wrapped dataset's classes and other facts."""
        info: dict[str, Any] = self.dataset.metainfo
        return info

    def __len__(self) -> int:
        return len(self.dataset)

    def get_data_info(self, idx: int) -> dict[str, Any]:
        """Returns the image's annotation with its `feature`, a (D,) float32 array."""
        self.full_init()
        assert self.features is not None
        info: dict[str, Any] = self.dataset.get_data_info(idx)
        # A copy: the mapped file is read-only, and torch warns of that.
        info['feature'] = np.array(self.features[idx], dtype=np.float32)
        return info

    def sparse_labels(self) -> SparseLabels:
        """Returns the wrapped dataset's full labels, (N, C)."""
        return read_labels(self.dataset)

    def image_names(self) -> NameColumn:
        """Returns the wrapped dataset's image names."""
        return read_names(self.dataset)

    def get_cat_ids(self, idx: int) -> list[int]:
        """Returns the positive classes of sample `idx`."""
        ids: list[int] = self.dataset.get_cat_ids(idx)
        return ids

    def __getitem__(self, idx: int) -> dict[str, Any]:
        """Returns the packed sample: `inputs` (D,) and `data_samples`."""
        info = with_dense_labels(self.get_data_info(idx), len(self.metainfo['classes']))
        packed: dict[str, Any] = self.pipeline(info)
        return packed

    def full_init(self) -> None:
        """Opens the cache, filling it first where there is none.

        Raises:
            ValueError: if the cache was made from something else, or is damaged.
            FileNotFoundError: if an image is missing.
            OSError: if the cache cannot be written.
        """
        if self.features is not None:
            return
        # Building the extractor and filling the cache draw random numbers; whether either is done
        # here or was done before must not move the training's random state.
        with torch.random.fork_rng(devices=[]):  # nothing here draws on a GPU
            self._load()

    def _load(self) -> None:
        self.dataset.full_init()
        infos = [self.dataset.get_data_info(i)['img_path'] for i in range(len(self.dataset))]
        names = hashlib.sha256('\n'.join(infos).encode()).hexdigest()[:16]
        path = self.cache / f'{names}.npy'
        made_from = self._made_from(infos)
        # A file under this name is whole: it may lie on a read-only disk, where no lock can.
        if not path.is_file():
            from filelock import FileLock  # slow to import, seldom used

            # Several ranks or jobs may ask at once: the first fills the cache, the others wait.
            lock = FileLock(f'{path}.lock')
            with writing(path, _WRITE_HINT):
                self.cache.mkdir(parents=True, exist_ok=True)
                lock.acquire()
            try:
                if not path.is_file():
                    self._extract(path, made_from)
            finally:
                lock.release()
        self._check(path, made_from)
        self.features = self._open(path)

    def _made_from(self, paths: list[str]) -> dict[str, Any]:
        stats = []
        for path in paths:
            try:
                stats.append(os.stat(path))
            except (OSError, ValueError) as error:
                raise FileNotFoundError(
                    f'{path!r}: no such image ({one_line(error)}); check data_root and data_prefix'
                ) from error
        images = json.dumps([(s.st_size, s.st_mtime_ns) for s in stats])
        return {
            'weights': build_extractor(self.spec)[1],
            'extractor': json.loads(self.spec),
            'pipeline': [repr(t) for t in self.dataset.pipeline.transforms],
            'dtype': self.dtype,
            'images': hashlib.sha256(images.encode()).hexdigest()[:16],
        }

    @staticmethod
    def _check(path: Path, made_from: dict[str, Any]) -> None:
        record = path.with_suffix('.json')
        try:
            stored = json.loads(record.read_text(encoding='utf-8')) if record.is_file() else {}
            changed = [key for key in made_from if stored.get(key) != made_from[key]]
        except (ValueError, AttributeError) as error:
            raise ValueError(
                f'{record}: this record of a feature cache is damaged ({one_line(error)}); delete '
                f'it and {path.name}, they are made anew'
            ) from error
        if changed:
            raise ValueError(
                f'{path}: this feature cache is stale, made with other {", ".join(changed)}; '
                'delete it, or give another cache folder'
            )

    def _open(self, path: Path) -> NDArray[Any]:
        try:
            features: NDArray[Any] = np.load(path, mmap_mode='r', allow_pickle=False)
            if features.ndim != 2 or len(features) != len(self.dataset):
                raise ValueError(f'shape {features.shape} for {len(self.dataset)} images')
        except Exception as error:  # numpy raises many kinds on broken files
            raise ValueError(
                f'{path}: this feature cache is damaged ({array_error(error)}); delete it, it is '
                'made anew'
            ) from error
        return features

    def _extract(self, path: Path, made_from: dict[str, Any]) -> None:
        batches = extract_features(
            self.dataset, self.spec, self.dtype, self.batch_size, self.num_workers
        )
        partial, record = path.with_suffix('.partial'), path.with_suffix('.json')
        try:
            with writing(path, _WRITE_HINT):
                # Batch by batch: the features of millions of images do not fit into memory.
                write_rows(partial, batches, len(self.dataset))
                record.write_text(json.dumps(made_from, indent=1), encoding='utf-8')
                # Last: a killed extraction leaves no file under the final name.
                os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            record.unlink(missing_ok=True)
            raise
