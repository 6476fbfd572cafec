"""A checkpoint of other classes, data, weights or method than the run's: refused, or said."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from helpers import CLASSES, LOSSES, load, log_text, tiny_config, train, write_devkit
from hostile import missing_from
from mmengine.runner import Runner

OTHER_ORDER = ('ant', 'bee', 'dog', 'cat', 'elk')
FEWER = CLASSES[:4]
OTHERS = ('ant', 'bee', 'cat', 'dog', 'fox')


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit', classes=(*CLASSES, 'fox'))


@pytest.fixture(scope='module')
def checkpoint(devkit, tmp_path_factory):
    folder = tmp_path_factory.mktemp('trained')
    train(tiny_config(devkit, folder, 'LL-R', epochs=1))
    return folder / 'epoch_1.pth'


def set_classes(cfg: Any, classes: tuple[str, ...], *loaders: str) -> None:
    for name in loaders or ('train', 'val', 'test'):
        cfg[f'{name}_dataloader'].dataset.dataset.classes = classes
    if not loaders:
        cfg.model.head.num_classes = len(classes)


def wider_backbone(cfg: Any) -> None:
    cfg.model.backbone.base_channels = 16
    cfg.model.head.in_channels = 32


def other_mask(cfg: Any) -> None:
    cfg.train_dataloader.dataset.observe.seed = 7


def other_part(cfg: Any) -> None:
    cfg.train_dataloader.dataset.indices = 12


def other_loss(cfg: Any) -> None:
    cfg.model.head.loss = LOSSES['AN']


def act(cfg: Any, how: str, checkpoint: Path) -> Any:
    cfg.load_from, cfg.resume = str(checkpoint), how == 'resume'
    cfg.train_cfg.max_epochs = 2 if how == 'resume' else 1
    if how == 'test':
        cfg.experiment_name = f'test_{id(cfg)}'
        return Runner.from_cfg(cfg).test()
    return train(cfg)


BACKBONE = 'leave load_from out ... model.backbone.init_cfg.type=Pretrained'
WITH = 'give the config it was trained with'
CASES: list[tuple[str, Callable[[Any], None], str]] = [
    ('test', lambda c: set_classes(c, FEWER),
     'epoch_1.pth: was trained on other classes ... 5 classes there, 4 here; only there: elk'),
    ('test', lambda c: set_classes(c, OTHER_ORDER),
     'epoch_1.pth: ... another order, from class 3 on: cat there, dog here'),
    ('test', lambda c: set_classes(c, OTHERS), 'only there: elk; only here: fox'),
    ('test', wider_backbone,
     'epoch_1.pth: backbone. ... (8, 8, 3, 3) there, ... and ... more weights ... random; ' + WITH),
    ('resume', lambda c: set_classes(c, OTHER_ORDER), 'another order ... ' + BACKBONE),
    ('resume', lambda c: set_classes(c, FEWER), 'only there: elk ... ' + BACKBONE),
    ('resume', wider_backbone, 'would stay at random; ' + WITH),
    ('resume', other_mask, 'epoch_1.pth: ... observed labels ... start a new training with load'),
    ('resume', other_part, 'epoch_1.pth: was trained on another part of the images'),
    ('resume', other_loss, 'with LargeLossReject, this config trains AssumeNegativeLoss'),
    ('load_from', lambda c: set_classes(c, OTHER_ORDER), 'whose weights would go to ' ),
    ('load_from', lambda c: set_classes(c, OTHERS), 'only here: fox ... ' + BACKBONE),
    ('train', lambda c: set_classes(c, OTHERS, 'val'),
     'val_dataloader: its classes ... only there: fox; only here: elk ... the same order'),
]  # fmt: skip


@pytest.mark.parametrize(('how', 'change', 'says'), CASES, ids=range(len(CASES)))
def test_refused(devkit, checkpoint, tmp_path, how, change, says):
    cfg = tiny_config(devkit, tmp_path, 'LL-R')
    change(cfg)
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 (the message is compared below)
        act(cfg, how, checkpoint)
    message = str(refusal.value)
    assert missing_from(message, says) is None, message
    assert '\n' not in message


def test_the_test_set_of_other_classes_after_the_training(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path, 'LL-R', epochs=1)
    cfg.test_dataloader = copy.deepcopy(cfg.val_dataloader)
    set_classes(cfg, OTHER_ORDER, 'test')
    runner = train(cfg)
    with pytest.raises(ValueError, match=r'test_dataloader: its classes .*from class 3 on'):
        runner.test()


def test_the_same_classes_and_weights_pass(devkit, checkpoint, tmp_path):
    cfg = tiny_config(devkit, tmp_path, 'LL-R')
    assert act(cfg, 'test', checkpoint)['multi-label/mAP'] > 0
    assert 'at random' not in log_text(tmp_path)


def test_load_from_of_fewer_classes_says_what_starts_at_random(devkit, checkpoint, tmp_path):
    cfg = tiny_config(devkit, tmp_path, 'LL-R')
    set_classes(cfg, FEWER)
    runner = act(cfg, 'load_from', checkpoint)
    assert runner.epoch == 1
    said = next(line for line in log_text(tmp_path).splitlines() if 'start at random' in line)
    assert missing_from(
        said, 'loaded but for head.fc.weight ((5, 16) there, (4, 16) here), ... only there: elk'
    ) is None  # fmt: skip


def test_the_backbone_alone_is_the_way_that_the_message_names(devkit, checkpoint, tmp_path):
    cfg = tiny_config(devkit, tmp_path, 'LL-R', **{'optim_wrapper.optimizer.lr': 0.0})
    set_classes(cfg, OTHERS)
    cfg.merge_from_dict(
        {
            'model.backbone.init_cfg.type': 'Pretrained',
            'model.backbone.init_cfg.prefix': 'backbone',
            'model.backbone.init_cfg.checkpoint': str(checkpoint),
        }
    )
    found = train(cfg).model.cpu().state_dict()
    weights = load(checkpoint)['state_dict']
    assert torch.equal(found['backbone.conv1.weight'], weights['backbone.conv1.weight'])
    assert not torch.equal(found['head.fc.weight'], weights['head.fc.weight'])


def test_nothing_that_fits(devkit, tmp_path):
    torch.save({'state_dict': {'other.weight': torch.zeros(2)}}, tmp_path / 'a.pth')
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-R')
    with pytest.raises(ValueError, match=r'a\.pth: none of its weights fit the model; give'):
        act(cfg, 'load_from', tmp_path / 'a.pth')
