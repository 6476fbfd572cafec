"""Small trained models: a network end to end, and a linear layer on features of a frozen one.

`whole_run` and `linear_run` are fixtures of every test; they are trained once.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from helpers import CLASSES, tiny_config, train, write_devkit
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpretrain.registry import MODELS

SIZE = 32
STEPS = [dict(type='LoadResizedImage', scale=(SIZE, SIZE)), dict(type='PackInputs')]


# Small transformers: one returns a token, one a map.
VIT = dict(type='VisionTransformer', img_size=32, patch_size=16, arch=dict(
    embed_dims=24, num_layers=1, num_heads=2, feedforward_channels=24))  # fmt: skip
SWIN = dict(type='SwinTransformer', img_size=32, window_size=2, out_indices=(0,), arch=dict(
    embed_dims=12, depths=[2], num_heads=[2]))  # fmt: skip
POOL = dict(type='GlobalAveragePooling')


class TrainedRun(NamedTuple):
    """A config file, the checkpoint of its training, and the images it was trained on."""

    config: Path
    checkpoint: Path
    images: Path

    @property
    def files(self) -> list[str]:
        return sorted(map(str, self.images.glob('*.jpg')))


def of_size(cfg: Config) -> Config:
    """Lets the loaders resize all images, each with a config of its own."""
    cfg.test_dataloader = copy.deepcopy(cfg.test_dataloader)
    for loader in ('train', 'val', 'test'):
        cfg[f'{loader}_dataloader'].dataset.dataset.pipeline = STEPS
    return cfg


def train_run(cfg: Config, folder: Path) -> TrainedRun:
    cfg.work_dir = str(folder)
    cfg.dump(folder.with_suffix('.py'))
    train(cfg)
    images = Path(find_root(cfg)) / 'JPEGImages'
    return TrainedRun(
        folder.with_suffix('.py'), folder / f'epoch_{cfg.train_cfg.max_epochs}.pth', images
    )


def find_root(cfg: Config) -> str:
    part: Any = cfg.test_dataloader.dataset
    while 'dataset' in part:
        part = part.dataset
    return part.data_root


def write_whole_run(folder: Path, loss: str = 'AN') -> TrainedRun:
    """Trains a small ResNet for two epochs."""
    kit = write_devkit(folder / 'kit')
    return train_run(of_size(tiny_config(kit, folder / 'whole', loss, epochs=2)), folder / 'whole')


def write_extractor(folder: Path, **neck: Any) -> dict[str, Any]:
    """Returns the config of an extractor whose weights are in a file; it pools unless said."""
    init_default_scope('mmpretrain')
    model = dict(tiny_config(folder, folder).model)
    torch.manual_seed(5)
    backbone = MODELS.build(model['backbone'])
    backbone.init_weights()
    torch.save({'state_dict': backbone.state_dict()}, folder / 'extractor.pth')
    init = dict(type='Pretrained', checkpoint=str(folder / 'extractor.pth'))
    return dict(
        backbone=dict(model['backbone'], init_cfg=init),
        neck=neck or dict(type='GlobalAveragePooling'),
        data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
    )


def linear_config(folder: Path, kit: Path, extractor: dict[str, Any]) -> Config:
    """Returns the config of a linear layer on the extractor's features."""
    cfg = of_size(tiny_config(kit, folder / 'linear', 'AN', epochs=2))
    cfg.model.backbone = dict(type='FeatureInput')
    cfg.model.pop('neck')
    cfg.model.data_preprocessor = dict(type='FeaturePreprocessor')
    for loader in ('train', 'val', 'test'):
        dataset = cfg[f'{loader}_dataloader'].dataset
        dataset.dataset = dict(
            type='FeatureDataset', dataset=dataset.dataset, extractor=extractor,
            cache=str(folder / 'features'), num_workers=0,
        )  # fmt: skip
    return cfg


def write_linear_run(folder: Path) -> TrainedRun:
    """Trains a linear layer on frozen features for two epochs."""
    kit = write_devkit(folder / 'kit')
    cfg = linear_config(folder, kit, write_extractor(folder))
    return train_run(cfg, folder / 'linear')


def write_untrained(
    folder: Path, backbone: dict[str, Any], neck: dict[str, Any] | None, channels: int, size: int
) -> TrainedRun:
    """Writes the config and random weights of any backbone, with the names of the classes."""
    init_default_scope('mmpretrain')
    kit = write_devkit(folder / 'kit')
    cfg = of_size(tiny_config(kit, folder / 'random'))
    cfg.merge_from_dict({'test_dataloader.dataset.dataset.pipeline': [
        dict(type='LoadResizedImage', scale=(size, size)), dict(type='PackInputs')]})  # fmt: skip
    cfg.model.backbone, cfg.model.neck = backbone, neck
    cfg.model.head.in_channels = channels
    cfg.dump(folder / 'random.py')
    torch.manual_seed(1)
    state = MODELS.build(cfg.model).state_dict()
    state['head.fc.weight'] *= 5  # scores that differ between images
    meta = {'dataset_meta': {'classes': CLASSES}}
    torch.save({'meta': meta, 'state_dict': state}, folder / 'random.pth')
    return TrainedRun(folder / 'random.py', folder / 'random.pth', kit / 'JPEGImages')


@pytest.fixture(scope='session')
def whole_run(tmp_path_factory):
    """A network trained end to end."""
    return write_whole_run(tmp_path_factory.mktemp('whole'))


@pytest.fixture(scope='session')
def linear_run(tmp_path_factory):
    """A linear layer trained on stored features."""
    return write_linear_run(tmp_path_factory.mktemp('linear'))
