"""Features of a frozen backbone, extracted once into a file and served as a dataset."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.dataset import Compose
from mmpretrain.registry import DATASETS, TRANSFORMS
from numpy.typing import NDArray

from wsml_mm.labels.contents import Contents
from wsml_mm.labels.files import one_line, writing
from wsml_mm.labels.names import NameColumn
from wsml_mm.labels.numbers import check_number
from wsml_mm.labels.sparse import SparseLabels

from .annotations import read_groups, read_labels, read_names, with_dense_labels
from .feature_cache import KEPT, WRITE_HINT, check_cache, open_cache, within_limit, write_cache
from .feature_extraction import extract_features, weights_digest
from .images import refuse_wrong_folder
from .nesting import innermost, refuse_observed_below

_ADDRESS = re.compile(r' at 0x[0-9a-f]+')  # of an object that says nothing else of itself


def extractor_text(extractor: dict[str, Any]) -> str:
    """Returns the config of an extractor as text, by which it is built and known."""
    return json.dumps(extractor, sort_keys=True)


@DATASETS.register_module()
class FeatureDataset:
    """Serves a dataset's images as features of a frozen backbone (LinearInit's first stage).

    All images go through the dataset's own pipeline (which must not augment) and the extractor
    once; the result is kept in `cache` together with what it was made from. A cache made with
    other weights, another pipeline, dtype or changed images is refused, never silently used, and
    so is one of which a bit has changed; images that were only touched are read, not extracted. Put
    `PartialLabelDataset` around it and `FeatureInput` in place of the model's backbone. Source of
    LinearInit: Cole et al., CVPR 2021, https://arxiv.org/abs/2106.09708.

    Args:
        dataset: config of the image dataset, with its test pipeline.
        extractor: `dict(backbone=..., neck=..., data_preprocessor=...)` as in a model config.
        cache: folder of the feature files; one a list of images.
        dtype: 'float32' or 'float16', as stored; None: float32 of pooled features, float16 of maps,
            which keeps three digits (a relative error of 2^-11 at most).
        batch_size: images at a time while extracting; None: 64 on a GPU, 8 on a CPU, whose
            caches larger batches overflow.
        num_workers: loader processes while extracting; None: 1 beside a CPU, which the network
            needs itself, as many as there are CPUs beside a GPU, at most 16.
        precision: 'float32', or 'bfloat16', in which a GPU, or a CPU that knows it, extracts about
            twice as fast: features differ by some percent, mAP in its second decimal.
        lazy_init: load on first use.
        keep: 'pooled', one value a channel, or 'map', the backbone's last map (D, h, w), for heads
            that look at places; the extractor's neck is then left out. Both have a file of their
            own in the same folder.
        max_gigabytes: maps that would take more are refused, from a quarter of it warned of.

    Raises:
        ValueError: if the dtype, precision or what to keep is unknown, or the dataset holds a
            `PartialLabelDataset`.

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
        dtype: str | None = None,
        batch_size: int | None = None,
        num_workers: int | None = None,
        lazy_init: bool = False,
        precision: str = 'float32',
        keep: str = 'pooled',
        max_gigabytes: float = 40.0,
    ) -> None:
        if keep not in KEPT:
            raise ValueError(f'keep={keep!r}: keep features "pooled" or the whole "map"')
        check_number('max_gigabytes', max_gigabytes, 'a size of the maps, > 0', 0)
        dtype = KEPT[keep].dtype if dtype is None else dtype
        if dtype not in ('float32', 'float16'):
            raise ValueError(f'dtype={dtype!r}: features are stored as "float32" or "float16"')
        if precision not in ('float32', 'bfloat16'):
            raise ValueError(f'precision={precision!r}: extract in "float32" or "bfloat16"')
        refuse_observed_below(type(self).__name__, dataset)
        self.dataset = DATASETS.build(dataset) if isinstance(dataset, dict) else dataset
        inner = innermost(dataset)
        self._configured = (inner.get('pipeline') or []) if isinstance(inner, dict) else []
        self.spec = extractor_text(extractor)
        self.cache, self.dtype = Path(cache), dtype
        self.batch_size, self.num_workers, self.precision = batch_size, num_workers, precision
        self.keep, self.max_gigabytes = keep, max_gigabytes
        self.pipeline = Compose([TRANSFORMS.build(dict(type='PackInputs', input_key='feature'))])
        self._packing = self.pipeline
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
        """Returns the image's annotation with its `feature`, (D,) or (D, h, w) float32."""
        self.full_init()
        assert self.features is not None
        info: dict[str, Any] = self.dataset.get_data_info(idx)
        # A copy: the mapped file is read-only, and torch warns of that.
        feature = np.array(self.features[idx], dtype=np.float32)
        # A tensor: PackInputs would take an array of three axes for an image, channels last.
        info['feature'] = feature if feature.ndim == 1 else torch.from_numpy(feature)
        return info

    @property
    def packs_features_only(self) -> bool:
        """Whether samples are packed as they come; False where a pipeline was set from outside."""
        return self.pipeline is self._packing

    @property
    def feature_size(self) -> int:
        """Numbers of one image: D, or D * h * w of a map."""
        self.full_init()
        assert self.features is not None
        return int(np.prod(self.features.shape[1:]))

    def feature_rows(self, positions: NDArray[np.int64]) -> NDArray[np.float32]:
        """Returns some images' features, (len(positions), D) or (.., D, h, w), read in one go."""
        self.full_init()
        assert self.features is not None
        # Not through numpy's class of mapped arrays, whose slices take ten times as long.
        found: NDArray[np.float32] = self.features.view(np.ndarray)[positions].astype(
            np.float32, copy=False
        )
        return found

    def sparse_labels(self, unlisted: str | None = None) -> SparseLabels:
        """Returns the wrapped dataset's full labels, (N, C).

        Args:
            unlisted: see `read_labels`.
        """
        return read_labels(self.dataset, unlisted)

    def image_names(self) -> NameColumn:
        """Returns the wrapped dataset's image names."""
        return read_names(self.dataset)

    def sample_groups(self) -> NDArray[np.int64] | None:
        """Returns the wrapped dataset's group of each image; None: it has none."""
        return read_groups(self.dataset)

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
            ValueError: if the cache was made from something else, or is damaged, or if no image is
                in the image folder.
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
        path, images = self._place()
        # A file under this name is whole: it may lie on a read-only disk, where no lock can.
        filled = None if path.is_file() else self._fill(path, images)
        contents = Contents(path.with_suffix('.stamps')) if filled is None else filled
        check_cache(path, self._made_from(images, contents))
        self.features = open_cache(path, len(self.dataset), KEPT[self.keep].axes)
        with contextlib.suppress(OSError):  # a read-only disk: they are read again next time
            contents.save()

    def _fill(self, path: Path, images: list[str]) -> Contents | None:
        """Extracts the features; returns what it knows of the images. None: another job did it."""
        # Several ranks or jobs may ask at once: the first fills the cache, the others wait.
        from filelock import FileLock  # slow to import, seldom used

        lock = FileLock(f'{path}.lock')
        with writing(path, WRITE_HINT):
            self.cache.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        try:
            if path.is_file():
                return None
            path.with_suffix('.stamps').unlink(missing_ok=True)  # of features that were deleted
            contents = Contents(path.with_suffix('.stamps'))
            self._extract(path, self._made_from(images, contents))
            return contents
        finally:
            lock.release()

    def _place(self) -> tuple[Path, list[str]]:
        """Returns the file of the features and the images in order."""
        self.dataset.full_init()
        images = [self.dataset.get_data_info(i)['img_path'] for i in range(len(self.dataset))]
        names = hashlib.sha256('\n'.join(images).encode()).hexdigest()[:16]
        return self.cache / f'{names}{KEPT[self.keep].suffix}.npy', images

    def _made_from(self, images: list[str], contents: Contents) -> dict[str, Any]:
        for image in images:
            try:
                os.stat(image)
            except (OSError, ValueError) as error:
                refuse_wrong_folder(images)
                raise FileNotFoundError(
                    f'{image!r}: no such image ({one_line(error)}); add it, or remove its row'
                ) from error
        kept = {} if self.keep == 'pooled' else {'keep': self.keep}  # none in older records
        return {
            **kept,
            'weights': weights_digest(self.spec, contents),
            'extractor': json.loads(self.spec),
            'pipeline': self._steps(),
            # A record of before there was a precision, which was float32, holds as it is.
            'dtype': self.dtype + ('' if self.precision == 'float32' else f' of {self.precision}'),
            'images': contents.images(images),
        }

    @property
    def stamps(self) -> Path:
        """The file of `Contents` that knows the images which the features were made from."""
        return self._place()[0].with_suffix('.stamps')

    def _steps(self) -> list[Any]:
        """Returns the transforms: as they print, and as they are configured, which may say more."""
        printed = [_ADDRESS.sub('', repr(t)) for t in self.dataset.pipeline.transforms]
        return [*printed, *json.loads(json.dumps(self._configured, default=str))]

    def changed_since(self, contents: Contents) -> str | None:
        """Reads the kept features and compares what the images hold, without extracting anything.

        Args:
            contents: that knows nothing of the images, so that it reads them.

        Returns:
            What is wrong in one line with its fix; None: nothing, or nothing is kept.
        """
        path, images = self._place()
        if not path.is_file():
            return None
        try:
            check_cache(path, {'images': contents.images(images)})
            open_cache(path, len(images), KEPT[self.keep].axes)
        except ValueError as error:
            return str(error)
        return None

    def _extract(self, path: Path, made_from: dict[str, Any]) -> None:
        batches = extract_features(
            self.dataset,
            self.spec,
            self.dtype,
            self.batch_size,
            self.num_workers,
            self.precision,
            self.keep,
        )
        if self.keep == 'map':
            batches = within_limit(batches, len(self.dataset), self.max_gigabytes, str(path))
        write_cache(path, batches, len(self.dataset), made_from)
