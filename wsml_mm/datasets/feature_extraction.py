"""Running images through a frozen backbone, once."""

from __future__ import annotations

import functools
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

import numpy as np
import torch
from mmengine.dataset import default_collate
from mmengine.device import get_device
from mmpretrain.registry import MODELS
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from wsml_mm.labels.contents import Contents
from wsml_mm.quiet import quiet

from .images import run_pipeline
from .packaged_files import local_file

# Whose code decides what is loaded from a file.
_PACKAGES = ('torch', 'timm', 'mmengine', 'mmpretrain', 'onedl-mmengine', 'onedl-mmpretrain')


@functools.lru_cache(maxsize=4)
def build_extractor(spec: str) -> tuple[torch.nn.Module, str]:
    """Builds backbone + neck + preprocessor from JSON; returns it with a hash of its weights."""
    with quiet():  # mmengine lists every tensor it initialises
        model = MODELS.build(dict(type='ImageClassifier', **json.loads(spec)))
        model.init_weights()
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


def weights_digest(spec: str, contents: Contents) -> str:
    """Returns the hash of an extractor's weights; it is built only where they may be others.

    To build one takes longer than the rest of a start. It is known what a class of MMPretrain
    loads from one local file, while nobody has changed file, config or packages.

    Args:
        spec: as of `build_extractor`.
        contents: remembers the hash.
    """
    config = json.loads(spec)
    backbone, neck = config.get('backbone') or {}, config.get('neck') or {}
    init = backbone.get('init_cfg') or {}
    file = local_file(str(init.get('checkpoint')))
    kind = MODELS.get(str(backbone.get('type')))
    of_mmpretrain = kind is not None and kind.__module__.startswith('mmpretrain.')
    plain = neck.get('type', 'GlobalAveragePooling') == 'GlobalAveragePooling'
    if file is None or not of_mmpretrain or not plain or init.get('type') != 'Pretrained':
        return build_extractor(spec)[1]
    versions = [f'{name} {_version(name)}' for name in _PACKAGES]
    return contents.made(['weights', spec, *versions], [file], lambda: build_extractor(spec)[1])


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return 'none'


class _EachImage(Dataset[dict[str, Any]]):
    """A dataset's images one by one; mmengine's own access replaces a bad one by another."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, idx: int) -> dict[str, Any]:
        info = self.dataset.get_data_info(idx)
        packed = run_pipeline(self.dataset.pipeline, info, 'repair or remove the image')
        return {'inputs': packed['inputs']}  # labels would have to travel from the worker as well


def _errors_in_one_line(loader: Any) -> Iterator[Any]:
    """Yields the batches; torch packs an error of a worker into pages of traceback."""
    try:
        yield from loader
    except ValueError as error:
        raise ValueError(str(error).splitlines()[-1].removeprefix('ValueError: ')) from error


def _loader(
    dataset: Any, device: str, batch_size: int | None, num_workers: int | None
) -> DataLoader[dict[str, Any]]:
    if num_workers is None:
        num_workers = 1 if device == 'cpu' else min(16, os.cpu_count() or 1)
    return DataLoader(
        _EachImage(dataset),
        batch_size or (8 if device == 'cpu' else 64),
        num_workers=num_workers,
        collate_fn=default_collate,
        pin_memory=device == 'cuda',
    )


def _check(stage: Tensor, keep: str) -> None:
    if keep == 'map' and stage.ndim != 4:
        raise ValueError(
            f'the backbone returns {tuple(stage.shape)} for a batch and no map (B, D, h, w): '
            'keep="map" needs an image backbone (out_type="featmap" for transformers)'
        )
    if keep == 'pooled' and stage.ndim != 2:
        raise ValueError(
            f'the extractor returns {tuple(stage.shape)} for a batch: give it a neck that '
            "pools, e.g. neck=dict(type='GlobalAveragePooling')"
        )


def _fetched(stage: Tensor, dtype: str) -> Callable[[], NDArray[Any]]:
    """Begins to copy a result from the device; returns what waits for it."""
    host, copied = stage, None
    if stage.device.type == 'cuda':
        host = torch.empty(stage.shape, pin_memory=True).copy_(stage, non_blocking=True)
        copied = torch.cuda.current_stream().record_event()

    def wait() -> NDArray[Any]:
        if copied is not None:
            copied.synchronize()
        with np.errstate(over='ignore'):  # what does not fit is refused with its file's name
            return host.float().cpu().numpy().astype(dtype)

    return wait


@torch.no_grad()
def extract_features(
    dataset: Any,
    spec: str,
    dtype: str,
    batch_size: int | None,
    num_workers: int | None,
    precision: str = 'float32',
    keep: str = 'pooled',
) -> Iterator[NDArray[Any]]:
    """Yields the features of a dataset's images, (B, D) a batch or maps, with a progress bar.

    Args:
        dataset: of images, with a pipeline that does not augment.
        spec: JSON of `dict(backbone=..., neck=..., data_preprocessor=...)`.
        dtype: 'float32' or 'float16'.
        batch_size: None: 64 on a GPU, 8 on a CPU, whose caches larger batches overflow.
        num_workers: loader processes; None: 1 beside a CPU, which the network needs itself, as many
            as there are CPUs beside a GPU, at most 16.
        precision: 'float32', or 'bfloat16' for convolutions and matrix products in it.
        keep: 'pooled', or 'map', the backbone's last map (B, D, h, w) before the neck.

    Raises:
        ValueError: if an image cannot be read, or the extractor does not pool or returns no map.
    """
    from rich.progress import track

    device = get_device()
    loader = _loader(dataset, device, batch_size, num_workers)
    reading = iter(loader)  # its workers begin while the network is built
    # Channels last: convolutions of the CPU and of tensor cores run in that layout.
    model = build_extractor(spec)[0].to(device)
    model = model.to(memory_format=torch.channels_last)
    title = f'features of {len(dataset)} images'
    before: Callable[[], NDArray[Any]] | None = None  # a GPU goes on while a batch is written
    for batch in track(_errors_in_one_line(reading), title, len(loader)):
        data = model.data_preprocessor(batch, training=False)  # type: ignore[operator]
        images = data['inputs'].contiguous(memory_format=torch.channels_last)
        with torch.autocast(images.device.type, torch.bfloat16, precision == 'bfloat16'):
            place = 'backbone' if keep == 'map' else 'neck'
            stage = model.extract_feat(images, stage=place)[-1]  # type: ignore[operator]
        _check(stage, keep)
        found = _fetched(stage, dtype)
        if before is not None:
            yield before()
        before = found
    if before is not None:
        yield before()
