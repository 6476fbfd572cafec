"""Changes what happens to images and features, in every data set below any stack of wrappers."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from mmengine.config import Config, ConfigDict

from .config_parts import typed_parts
from .configs import LOADERS
from .method import Method


def change_pipelines(cfg: Config, method: Method, parts: ConfigDict) -> None:
    """Gives data sets a method's `train_pipeline`, `test_pipeline` and `augmentation`, in place.

    Args:
        cfg: of a training; its loaders are changed.
        method: for messages.
        parts: of `Method.parts`.

    Raises:
        ValueError: if a loader reads stored features, whose images are not seen again.
    """
    for loader, name in (
        ('train_dataloader', 'train_pipeline'),
        ('val_dataloader', 'test_pipeline'),
        ('test_dataloader', 'test_pipeline'),
    ):
        added = (parts.get('augmentation') or []) if name == 'train_pipeline' else []
        if cfg.get(loader) is None or not (parts.get(name) or added):
            continue
        for dataset in _image_datasets(cfg[loader].dataset, cfg, method):
            old = list(dataset.get('pipeline') or [])
            steps = list(parts.get(name) or old)
            dataset.pipeline = deepcopy([*steps[:-1], *added, *steps[-1:]])  # the last one packs
            if cfg.get(name) == old:  # what files that inherit this one refer to
                cfg[name] = deepcopy(dataset.pipeline)


def keep_feature_maps(cfg: Config) -> None:
    """Lets the head see the backbone's last map: no neck, and stored features that are maps.

    Args:
        cfg: of a training; changed in place. A `dtype` of its stored features stays.
    """
    cfg.model.neck = None
    for loader in LOADERS:
        for _, part in typed_parts((cfg.get(loader) or {}).get('dataset') or {}):
            if str(part['type']).endswith('FeatureDataset'):
                part.keep = 'map'  # type: ignore[attr-defined]


def _image_datasets(dataset: ConfigDict, cfg: Config, method: Method) -> Iterator[ConfigDict]:
    if str(dataset.get('type')).endswith('FeatureDataset'):
        raise ValueError(
            f'{cfg.filename}: {method.title} changes images, and here a linear layer is trained on '
            'stored features of them; take a protocol that trains end to end'
        )
    inner = [d for d in [*dataset.get('datasets', []), dataset.get('dataset')] if d is not None]
    for wrapped in inner:
        yield from _image_datasets(wrapped, cfg, method)
    if not inner:
        yield dataset
