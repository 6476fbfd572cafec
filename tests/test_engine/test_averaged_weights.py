"""Averaged weights and the one cycle of the protocol of Hill and SPLC, in real trainings."""

from __future__ import annotations

import pytest
import torch
from helpers import (
    assert_same,
    correction_rows,
    load,
    loss_of,
    set_hook,
    tiny_config,
    train,
    train_interrupted,
)
from mmengine.config import Config
from mmengine.hooks import EMAHook, Hook
from mmpretrain.registry import HOOKS, MODELS

from wsml_mm import LossParts, PartialLabelLoss
from wsml_mm.engine.hooks.step_facts import base_rate
from wsml_mm.experiments.apply import apply_method
from wsml_mm.experiments.method import read_method

CYCLE = [
    dict(type='OneCycleLR', eta_max=0.1, total_steps=5, pct_start=0.2, by_epoch=True,
         convert_to_iter_based=True)
]  # fmt: skip


def averaged_config(devkit, work_dir, loss='LL-Cp', **kwargs):
    """With BatchNorm, whose statistics are averaged too."""
    cfg = tiny_config(devkit, work_dir, loss, epochs=3, **kwargs)
    cfg.model.backbone.norm_cfg = dict(type='BN')
    cfg.param_scheduler = CYCLE
    set_hook(cfg, 'ema', type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.2,
             update_buffers=True)  # fmt: skip
    set_hook(cfg, 'averages', type='AverageHook')
    return cfg


@HOOKS.register_module()
class AverageHook(Hook):
    """Averages the weights by hand and keeps those that a validation scores."""

    priority = 'LOW'  # after EMAHook

    def before_train(self, runner):
        self.mean, self.scored, self.rates = None, None, []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.rates.append(base_rate(runner.optim_wrapper))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        now = {k: v.detach().clone() for k, v in runner.model.state_dict().items()}
        if self.mean is None:
            self.mean = now
        for name, value in now.items():
            blend = 0.8 * self.mean[name] + 0.2 * value
            self.mean[name] = blend if value.is_floating_point() else value

    def before_val_epoch(self, runner):
        self.scored = {k: v.clone() for k, v in runner.model.state_dict().items()}


def averages(runner):
    return next(hook for hook in runner.hooks if isinstance(hook, AverageHook))


def test_a_resumed_training_averages_on(devkit, tmp_path):
    whole = train(averaged_config(devkit, tmp_path / 'whole'))
    cfg = averaged_config(devkit, tmp_path / 'run')
    train_interrupted(cfg, epoch=2)
    cfg.resume = True
    resumed = train(cfg)
    files = [load(tmp_path / name / 'epoch_3.pth') for name in ('whole', 'run')]
    for part in ('state_dict', 'ema_state_dict', 'wsml_mm'):
        assert_same(files[1][part], files[0][part], part)
    assert correction_rows(loss_of(resumed)) == correction_rows(loss_of(whole)) != []
    for mine, theirs in zip(resumed.model.parameters(), whole.model.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_the_averages_are_scored_and_saved(devkit, tmp_path):
    runner = train(averaged_config(devkit, tmp_path / 'run', 'AN'))
    hook = averages(runner)
    saved = load(tmp_path / 'run' / 'epoch_3.pth')
    for name, value in hook.mean.items():
        if value.is_floating_point():  # not the counter of a BatchNorm
            torch.testing.assert_close(saved['state_dict'][name], value.cpu(), rtol=1e-4, atol=1e-5)
        assert torch.equal(hook.scored[name].cpu(), saved['state_dict'][name])
    raw = {k: v for k, v in saved['ema_state_dict'].items() if k.startswith('module.')}
    for name, value in runner.model.state_dict().items():
        assert torch.equal(raw[f'module.{name}'], value.cpu())
    # Whoever scores the checkpoint again scores the averages.
    cfg = averaged_config(devkit, tmp_path / 'again', 'AN')
    cfg.load_from = str(tmp_path / 'run' / 'epoch_3.pth')
    cfg.train_cfg.max_epochs = 1
    cfg.optim_wrapper.optimizer.lr = 0.0
    cfg.param_scheduler = None
    assert_close_weights(train(cfg), saved['state_dict'])


def assert_close_weights(runner, saved):
    for name, value in runner.model.named_parameters():
        torch.testing.assert_close(value.detach(), saved[name])


def test_trained_rows_follow_the_cycle(devkit, tmp_path):
    """Its first rate is a 25th of the peak: a rate relative to it would be 25 times too high."""
    rates = averages(train(averaged_config(devkit, tmp_path / 'run', 'AN'))).rates
    assert rates[0] == pytest.approx(0.1 / 25)
    assert max(rates) == pytest.approx(0.1, rel=0.05)
    assert rates[3] == max(rates)  # a fifth of 5 epochs of 4 steps
    assert rates[-1] < 0.08


@MODELS.register_module()
class AskAveragesLoss(PartialLabelLoss):
    """Keeps the scores that averaged weights give the training images."""

    predict_weights = 'ema'

    def compute(self, batch):
        return LossParts(batch.logits.sigmoid())

    def end_epoch(self, predict):
        super().end_epoch(predict)
        self.found = torch.cat([scores for _, scores in predict()])


def test_scores_of_the_training_images_by_averaged_weights(devkit, tmp_path):
    cfg = averaged_config(devkit, tmp_path / 'run', dict(type='AskAveragesLoss'))
    runner = train(cfg)
    hook = next(hook for hook in runner.hooks if isinstance(hook, EMAHook))
    found, model = loss_of(runner).found, hook.ema_model.module.eval()
    loader = runner.val_dataloader.dataset.dataset.pipeline
    dataset = runner.train_dataloader.dataset
    dataset.dataset.pipeline = loader
    with torch.no_grad():
        sample = model.val_step({k: [dataset[0][k]] for k in ('inputs', 'data_samples')})[0]
    torch.testing.assert_close(found[0], sample.pred_score)
    assert found.shape == (24, 5)


def test_a_method_brings_the_hook_along(devkit, tmp_path):
    file = tmp_path / 'averaged.py'
    file.write_text(
        "method = dict(key='averaged', loss=dict(type='AssumeNegativeLoss'),\n"
        "    hooks=dict(ema=dict(type='EMAHook', momentum=0.2, update_buffers=True)))\n"
    )
    cfg = apply_method(tiny_config(devkit, tmp_path / 'run', 'LL-R', epochs=1), read_method(file))
    runner = train(Config(cfg.to_dict(), format_python_code=False))
    assert 'ema_state_dict' in load(tmp_path / 'run' / 'epoch_1.pth')
    assert runner.iter == 4
    back = apply_method(cfg, read_method('an'))
    assert 'ema' not in back.default_hooks
