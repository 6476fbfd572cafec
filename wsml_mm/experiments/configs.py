"""Config files: finding one, filling in what MMPretrain's tools fill in, the data sets in it."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path

import torch
from mmengine.config import Config, ConfigDict
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.nesting import find, wrapped_datasets
from wsml_mm.datasets.partial_label import PartialLabelDataset

LOADERS = ['train_dataloader', 'val_dataloader', 'test_dataloader']


def config_roots() -> list[Path]:
    """Returns the folders of shipped configs: in an installed package, and in a checkout."""
    package = Path(__file__).resolve().parent.parent
    return [root / 'configs' for root in (package, package.parent)]


def find_config(name: str) -> str:
    """Returns the path of a config: as given, or below the configs that come with the package.

    Args:
        name: of the file; `.py` may be left out, `configs/` may stand before a shipped one.

    Raises:
        FileNotFoundError: if it is in neither place.
    """
    files = [name, f'{name}.py']
    shipped = [file.removeprefix('configs/') for file in files]
    places = [Path(file) for file in files]
    places += [root / file for root in config_roots() for file in shipped]
    for place in places:
        if place.is_file():
            return str(place)
    raise FileNotFoundError(
        f'{name}: no such config, neither from here nor among the configs of wsml_mm '
        '(scenes/lite0_linear.py, ...)'
    )


def is_shipped_protocol(path: str | None) -> bool:
    """Whether a file is one of the protocols that come with the package."""
    folder = Path(path or '').resolve().parent
    roots = [root.resolve() for root in config_roots()]
    return folder.parent in roots and folder.name not in ('methods', '_base_')


def first_stage_config(cfg: Config) -> Config | None:
    """Returns the config of the `linear_init` stage, or None.

    It stands in the config itself, in a file beside the config's own, or it is a shipped protocol.
    """
    stage = cfg.get('linear_init')
    if stage is None:
        return None
    if not isinstance(stage['config'], str):
        return Config(stage['config'].to_dict())
    beside = Path(cfg.filename or '').parent / stage['config']
    return Config.fromfile(find_config(str(beside if beside.is_file() else stage['config'])))


def fill_loaders(
    cfg: Config, names: list[str], pin_memory: bool = True, persistent_workers: bool = True
) -> None:
    """Sets what MMPretrain's tools set on every loader whose config leaves it open.

    Without workers none can be persistent: `num_workers=0` alone is enough to have none.
    """
    for name in names:
        if cfg.get(name) is None:
            continue
        loader = ConfigDict(
            pin_memory=torch.cuda.is_available(),
            persistent_workers=cfg[name].get('num_workers', 0) > 0,
            collate_fn=dict(type='default_collate'),
        )
        loader.update(deepcopy(cfg[name]))
        loader.pin_memory = loader.pin_memory and pin_memory
        has_workers = loader.get('num_workers', 0) > 0
        loader.persistent_workers = loader.persistent_workers and persistent_workers and has_workers
        cfg[name] = loader


def partial_datasets(dataset: ConfigDict) -> Iterator[ConfigDict]:
    """Returns the config of each `PartialLabelDataset` below any stack of dataset wrappers."""
    return find(dataset, PartialLabelDataset)


def build_partial_datasets(cfg: Config) -> list[PartialLabelDataset]:
    """Builds the training set; returns the `PartialLabelDataset`s in it, in order.

    Raises:
        ValueError: if there is none.
    """
    leaves = wrapped_datasets(DATASETS.build(cfg.train_dataloader.dataset))
    if not leaves:
        raise ValueError(
            f'{cfg.train_dataloader.dataset.type}: the training set must be wrapped in '
            'PartialLabelDataset, which knows the full and the observed labels'
        )
    return leaves
