"""Features of a frozen backbone, extracted once into a file and served as a dataset."""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from filelock import FileLock
from mmengine.dataset import Compose, default_collate
from mmengine.device import get_device
from mmpretrain.registry import DATASETS, MODELS, TRANSFORMS
from numpy.typing import NDArray
from torch.utils.data import DataLoader, Dataset

from .files import one_line, told, why_no_array
from .images import run_pipeline

_WRITE_MEND = 'free some space, or give another cache folder'


@functools.lru_cache(maxsize=4)
def _build_extractor(spec: str) -> tuple[torch.nn.Module, str]:
    """Builds backbone + neck + preprocessor from JSON; returns it with a hash of its weights."""
    logging.disable(logging.INFO)  # mmengine lists every tensor it initialises
    try:
        model = MODELS.build(dict(type='ImageClassifier', **json.loads(spec)))
        model.init_weights()
    finally:
        logging.disable(logging.NOTSET)
    model.eval()  # of BaseBackbone returns None: do not chain
    digest = hashlib.sha256()
    for name, tensor in model.state_dict().items():
        digest.update(name.encode())
        digest.update(
            tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes()
            if tensor.ndim
            else str(tensor.item()).encode()
        )
    return model, digest.hexdigest()[:16]


class _EachImage(Dataset[dict[str, Any]]):
    """A dataset's images one by one; mmengine's own access replaces a bad one by another."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, idx: int) -> dict[str, Any]:
        return run_pipeline(
            self.dataset.pipeline, self.dataset.get_data_info(idx), 'mend or remove the image'
        )


def _told_in_one_line(loader: Any) -> Iterator[Any]:
    """Yields the batches; torch packs an error of a worker into pages of traceback."""
    try:
        yield from loader
    except ValueError as error:
        raise ValueError(str(error).splitlines()[-1].removeprefix('ValueError: ')) from error


@DATASETS.register_module()
class FeatureDataset:
    """Serves a dataset's images as features of a frozen backbone (LinearInit's first stage).

    All images go through the dataset's own pipeline (which must not augment) and the extractor
    once; the result is kept in `cache` together with what it was made from. A cache made with
    other weights, another pipeline, dtype or changed images is refused, never silently used. Put
    `PartialLabelDataset` around it and `FeatureInput` in place of the model's backbone.

    Args:
        dataset: config of the image dataset, with its test pipeline.
        extractor: `dict(backbone=..., neck=..., data_preprocessor=...)` as in a model config.
        cache: folder of the feature files; one a list of images.
        dtype: 'float32' or 'float16', as stored.
        batch_size: images at a time while extracting; None: 64 on a GPU, 8 on a CPU, whose
            caches larger batches overflow.
        num_workers: loader processes while extracting.
        lazy_init: load on first use.
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

    def get_cat_ids(self, idx: int) -> list[int]:
        """Returns the positive classes of sample `idx`."""
        ids: list[int] = self.dataset.get_cat_ids(idx)
        return ids

    def __getitem__(self, idx: int) -> dict[str, Any]:
        """Returns the packed sample: `inputs` (D,) and `data_samples`."""
        packed: dict[str, Any] = self.pipeline(self.get_data_info(idx))
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
        self.dataset.full_init()
        infos = [self.dataset.get_data_info(i)['img_path'] for i in range(len(self.dataset))]
        names = hashlib.sha256('\n'.join(infos).encode()).hexdigest()[:16]
        path = self.cache / f'{names}.npy'
        made_from = self._made_from(infos)
        # A file under this name is whole: it may lie on a read-only disk, where no lock can.
        if not path.is_file():
            # Several ranks or jobs may ask at once: the first fills the cache, the others wait.
            lock = FileLock(f'{path}.lock')
            with told(path, _WRITE_MEND):
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
            'weights': _build_extractor(self.spec)[1],
            'extractor': json.loads(self.spec),
            'pipeline': [repr(t) for t in self.dataset.pipeline.transforms],
            'dtype': self.dtype,
            'images': hashlib.sha256(images.encode()).hexdigest()[:16],
        }

    @staticmethod
    def _check(path: Path, made_from: dict[str, Any]) -> None:
        beside = path.with_suffix('.json')
        try:
            stored = json.loads(beside.read_text(encoding='utf-8')) if beside.is_file() else {}
            changed = [key for key in made_from if stored.get(key) != made_from[key]]
        except (ValueError, AttributeError) as error:
            raise ValueError(
                f'{beside}: this record of a feature cache is damaged ({one_line(error)}); delete '
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
                f'{path}: this feature cache is damaged ({why_no_array(error)}); delete it, it is '
                'made anew'
            ) from error
        return features

    @torch.no_grad()
    def _extract(self, path: Path, made_from: dict[str, Any]) -> None:
        from rich.progress import track

        device = get_device()
        # Channels last: convolutions of the CPU and of tensor cores run in that layout.
        model = _build_extractor(self.spec)[0].to(device)
        model = model.to(memory_format=torch.channels_last)
        loader = DataLoader(
            _EachImage(self.dataset),
            self.batch_size or (8 if device == 'cpu' else 64),
            num_workers=self.num_workers,
            collate_fn=default_collate,
        )
        rows = []
        title = f'features of {len(self.dataset)} images'
        for batch in track(_told_in_one_line(loader), title, len(loader)):
            data = model.data_preprocessor(batch, training=False)  # type: ignore[operator]
            images = data['inputs'].contiguous(memory_format=torch.channels_last)
            stage = model.extract_feat(images)[-1]  # type: ignore[operator]
            if stage.ndim != 2:
                raise ValueError(
                    f'the extractor returns {tuple(stage.shape)} for a batch: give it a neck that '
                    "pools, e.g. neck=dict(type='GlobalAveragePooling')"
                )
            rows.append(stage.cpu().numpy().astype(self.dtype))
        partial, beside = path.with_suffix('.partial'), path.with_suffix('.json')
        try:
            with told(path, _WRITE_MEND):
                with partial.open('wb') as file:
                    np.save(file, np.concatenate(rows))
                beside.write_text(json.dumps(made_from, indent=1), encoding='utf-8')
                # Last: a killed extraction leaves no file under the final name.
                os.replace(partial, path)
        except BaseException:
            partial.unlink(missing_ok=True)
            beside.unlink(missing_ok=True)
            raise
