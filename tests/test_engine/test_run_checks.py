"""A training that would do nothing, or something else than its config says."""

from __future__ import annotations

import pytest
import torch
from helpers import log_text, tiny_config, train
from hostile import missing_from
from mmengine.dataset import DefaultSampler
from mmengine.runner import Runner
from mmpretrain.registry import DATA_SAMPLERS


@DATA_SAMPLERS.register_module()
class SilentSampler(DefaultSampler):
    """Has images and yields none."""

    def __iter__(self):
        return iter(())


def few_images(cfg):
    cfg.train_dataloader.dataset.indices = 5
    cfg.train_dataloader.drop_last = True


def no_epochs(cfg):
    cfg.train_cfg.max_epochs, cfg.param_scheduler = 0, None


def no_validation_image(cfg):
    cfg.val_dataloader.batch_size = 16
    cfg.val_dataloader.drop_last = True


def part_of_the_validation(cfg):
    cfg.val_dataloader.batch_size = 5
    cfg.val_dataloader.drop_last = True


# fmt: off
CASES = [
    (few_images, 'train_dataloader: makes no batch of 6 from 5 images with drop_last=True'),
    (no_epochs, 'train_cfg.max_epochs=0: nothing ... at least 1'),
    (lambda c: c.train_dataloader.sampler.update(type='SilentSampler'),
     'train_dataloader: epoch 1 made no step ... SilentSampler ... use another'),
    (no_validation_image, 'val_dataloader: has no batch (8 images, batch_size 16, drop_last=True)'),
    (part_of_the_validation, 'val_dataloader: drop_last=True leaves 3 images out of the score'),
    (lambda c: c.train_dataloader.dataset.update(indices=[]), 'no image is left'),
    (lambda c: c.val_dataloader.dataset.update(indices=[]), 'no image is left'),
]
# fmt: on


@pytest.mark.parametrize(('change', 'says'), CASES, ids=range(len(CASES)))
def test_refused(devkit, tmp_path, change, says):
    cfg = tiny_config(devkit, tmp_path, 'AN', epochs=1)
    change(cfg)
    with pytest.raises(ValueError) as refusal:  # noqa: PT011 (the message is compared below)
        train(cfg)
    message = str(refusal.value)
    assert missing_from(message, says) is None, message
    assert '\n' not in message
    assert not list(tmp_path.glob('*.pth'))


def test_a_test_of_no_image(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path, 'AN')
    cfg.test_dataloader.update(batch_size=16, drop_last=True)
    runner = Runner.from_cfg(cfg)
    with pytest.raises(ValueError, match=r'test_dataloader: has no batch .8 images'):
        runner.test()


def _cosine(devkit, folder, epochs, **overrides):
    cfg = tiny_config(devkit, folder, 'AN', epochs=epochs, **overrides)
    cfg.param_scheduler = dict(type='CosineAnnealingLR', T_max=epochs, by_epoch=True)
    return cfg


def test_a_resume_says_which_schedule_rules_and_when_nothing_is_left(devkit, tmp_path):
    train(_cosine(devkit, tmp_path, 2))
    cfg = _cosine(devkit, tmp_path, 2)
    cfg.resume = True
    runner = train(cfg)
    assert runner.iter == 8
    log = log_text(tmp_path)
    assert (
        'epoch_2.pth: 2 epochs are done and train_cfg.max_epochs is 2, so there is nothing' in log
    )
    assert 'rules' not in log  # the same schedule

    cfg = _cosine(devkit, tmp_path, 4, **{'optim_wrapper.optimizer.weight_decay': 0.5})
    cfg.resume = True
    runner = train(cfg)
    assert (runner.epoch, runner.param_schedulers[0].T_max) == (4, 2)
    said = next(line for line in log_text(tmp_path).splitlines() if 'rules' in line)
    says = 'epoch_2.pth: ... CosineAnnealingLR T_max=2 (config: 4) ... weight_decay=0 (config: 0.5)'
    assert missing_from(said, says) is None, said


def test_load_from_follows_the_config(devkit, tmp_path):
    train(_cosine(devkit, tmp_path / 'first', 1))
    cfg = _cosine(devkit, tmp_path / 'second', 3)
    cfg.load_from = str(tmp_path / 'first' / 'epoch_1.pth')
    assert train(cfg).param_schedulers[0].T_max == 3
    assert 'rules' not in log_text(tmp_path / 'second')
    assert torch.load(cfg.load_from, weights_only=True)['wsml_mm_training']['losses'] == [
        'AssumeNegativeLoss'
    ]
