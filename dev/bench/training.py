"""Trainings through MMEngine's Runner, with a clock in them, for the rows of steps and features."""

from __future__ import annotations

import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import torch
from helpers import CLASSES, dataset_config, tiny_config, train, without_validation, write_devkit
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS, HOOKS

from wsml_mm.engine.printed_config import PrintedConfig
from wsml_mm.models import PartialLabelLoss

from .timing import CLOCKS, SETTINGS

_FOLDER = tempfile.TemporaryDirectory()
Loss = dict[str, Any]


def folder() -> Path:
    """Returns a new folder that ends with the process."""
    return Path(tempfile.mkdtemp(dir=_FOLDER.name))


@HOOKS.register_module()
class BenchClock(Hook):  # type: ignore[misc]
    """Notes when steps end and the training begins and ends; can switch the losses' record off.

    Args:
        record: of the losses.
        steps: note when they end; this takes 1 % of a linear layer's step.
    """

    priority = 'LOWEST'

    def __init__(self, record: bool = True, steps: bool = True) -> None:
        self.record, self.clock = record, CLOCKS[SETTINGS.clock]
        if not steps:
            self.after_train_iter = super().after_train_iter

    def before_train(self, runner: Any) -> None:
        """Starts, after all other hooks have."""
        for module in runner.model.modules():
            if isinstance(module, PartialLabelLoss) and not self.record:
                module.keep_trace = False

    def before_train_epoch(self, runner: Any) -> None:
        """Starts a row of steps."""
        self.begin = getattr(self, 'begin', self.clock())
        self.since_process = getattr(self, 'since_process', time.process_time())
        self.steps, self.last = getattr(self, 'steps', []), self.clock()

    def after_train_iter(
        self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None
    ) -> None:
        """Notes a step with its loading."""
        now = self.clock()
        self.steps.append(now - self.last)
        self.last = now

    def after_train(self, runner: Any) -> None:
        """Notes the end."""
        self.total = self.clock() - self.begin


def timed(cfg: Config, record: bool = True, steps: bool = True) -> BenchClock:
    """Trains a config and returns its clock; see `BenchClock`."""
    cfg.log_level = 'ERROR'
    cfg.default_hooks.clock = dict(type='BenchClock', record=record, steps=steps)
    runner = train(PrintedConfig.of(cfg))  # as `wsml-mm train` does
    return next(hook for hook in runner.hooks if isinstance(hook, BenchClock))


@cache
def devkit(images: int, size: int, val: int = 8) -> Path:
    """Returns a VOC devkit of drawn images."""
    return write_devkit(folder() / 'kit', train=images, val=val, size=size)


def end_to_end(loss: Loss, images: int, size: int, depth: int, epochs: int) -> Config:
    """Returns a training of a whole ResNet in batches of 16, without validation or checkpoints."""
    cfg = without_validation(tiny_config(devkit(images, size), folder(), loss, epochs=epochs))
    cfg.train_dataloader.batch_size = min(16, images)
    cfg.model.backbone = dict(type='ResNet', depth=depth, out_indices=(3,))
    cfg.model.head.in_channels = 512 if depth < 50 else 2048
    cfg.default_hooks.checkpoint = None  # without the key MMEngine adds its own hook
    return cfg


def linear(
    loss: Loss, images: int, epochs: int, cache: Path, size: int = 32, kit: Path | None = None
) -> Config:
    """Returns the training of a linear layer on kept features, validated each epoch.

    Args:
        loss: config.
        images: of the training; a quarter as many for validation.
        epochs: of the training.
        cache: folder of the features.
        size: of an image, px.
        kit: of `devkit`; None: a new one.
    """
    kit = kit or devkit(images, size, max(8, images // 4))

    def features(split: str, **kwargs: Any) -> dict[str, Any]:
        config = dataset_config(kit, split, **kwargs)
        pipeline = dataset_config(kit, 'val')['dataset']['pipeline']  # which does not augment
        images = {**config['dataset'], 'pipeline': pipeline}
        config['dataset'] = dict(
            type='FeatureDataset', dataset=images, extractor=EXTRACTOR, cache=str(cache)
        )
        return config

    observe = dict(type='SinglePositive', seed=1200)
    cfg = tiny_config(kit, folder(), loss, 0, epochs, features('train', observe=observe))
    cfg.train_dataloader.batch_size = 16
    cfg.val_dataloader = cfg.test_dataloader = dict(
        batch_size=128,
        num_workers=0,
        sampler=dict(type='DefaultSampler', shuffle=False),
        dataset=features('val'),
    )
    cfg.model = dict(
        data_preprocessor=dict(type='FeaturePreprocessor'),
        type='ImageClassifier',
        backbone=dict(type='FeatureInput'),
        head=dict(
            type='MultiLabelLinearClsHead', num_classes=len(CLASSES), in_channels=512, loss=loss
        ),
    )
    cfg.optim_wrapper = dict(optimizer=dict(type='Adam', lr=1e-3))
    return cfg


def images_of(cfg: Config) -> Any:
    """Returns the images whose features a training of `linear` has."""
    init_default_scope('mmpretrain')
    return DATASETS.build(cfg.train_dataloader.dataset.dataset.dataset)


torch.manual_seed(0)
EXTRACTOR = dict(
    # Weights of a seed: a cache is refused with others.
    backbone=dict(
        type='ResNet', depth=18, init_cfg=dict(type='Constant', val=0.01, layer='Conv2d')
    ),
    neck=dict(type='GlobalAveragePooling'),
    data_preprocessor=dict(mean=[127.0] * 3, std=[64.0] * 3, to_rgb=True),
)
