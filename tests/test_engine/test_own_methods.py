"""The methods of docs/add_a_method.md, in real trainings with MMPretrain's own heads."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import my_methods
import numpy as np
import pytest
import torch
from helpers import (
    assert_same,
    dataset_config,
    load,
    log_text,
    loss_of,
    read_devkit,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
)
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmpretrain.registry import HOOKS, MODELS, OPTIM_WRAPPERS
from torch import nn

from wsml_mm import LargeLossCorrectPerm, LargeLossHook, PartialLabelLoss
from wsml_mm.cli import compare, write_config
from wsml_mm.engine.hooks.predictions import training_predictions
from wsml_mm.experiments.compose import compose

METHODS = {
    'simplest': dict(type='MyWeakNegatives'),
    'epoch': dict(type='MySPLC', tau=0.3),
    'term': dict(type='MyEPR', expected_num_pos=2.0),
    'entries': dict(type='MyAPL', warm_up=1, eps=1e-5),
    'rows': dict(type='MyROLE', expected_num_pos=2.0),
}
# Of the package: everything that keeps state of labels, with values that act within few epochs.
STATEFUL = {
    'EM + APL': dict(type='EMAPLLoss', warm_up=1, log_eps=1e-5),
    'ROLE': dict(type='ROLELoss', expected_num_pos=2.0),
    'write-back': dict(type='ThresholdWriteBackLoss', threshold=0.3, warm_up=1, warn_share=1),
    'curriculum': dict(type='CurriculumLoss', threshold=0.4, assume_negative_first=True),
}


def config(devkit, folder, method, epochs=4, **kwargs):
    loss = {**METHODS, **STATEFUL}.get(method, method)
    cfg = tiny_config(devkit, folder, loss, epochs=epochs, **kwargs)
    set_hook(cfg, 'spy', type='SpyHook')
    return cfg


def state_of(runner):
    return [part.state.state_dict() for part in loss_of(runner).parts() if part.state]


def test_the_page_is_where_they_come_from():
    assert len(my_methods.BLOCKS) == 5 + 2
    kinds = [getattr(my_methods, METHODS[name]['type']) for name in METHODS]
    assert all(issubclass(kind, PartialLabelLoss) for kind in kinds)


def test_the_settings_of_the_page_work(devkit, tmp_path, monkeypatch):
    """The fragment of a config trains; the method's file is read and composed by every tool."""
    fragment, method = my_methods.SETTINGS
    base = tiny_config(devkit, tmp_path / 'run', 'LL-R', epochs=1)
    base.dump(tmp_path / 'base.py')
    monkeypatch.syspath_prepend(Path(my_methods.__file__).parent)
    (tmp_path / 'mine.py').write_text(f"_base_ = 'base.py'\n{fragment}")
    assert type(loss_of(train(Config.fromfile(tmp_path / 'mine.py')))).__name__ == 'MyWeakNegatives'
    (tmp_path / 'my_method.py').write_text(method)
    cfg = compose(tmp_path / 'base.py', str(tmp_path / 'my_method.py'))
    assert cfg.model.head.loss == dict(type='MySPLC', tau=0.6)
    assert cfg.method.title == 'My SPLC'
    lines = my_methods.COMMANDS[0].replace('\\\n', ' ').splitlines()
    compared = compare.parse_args(shlex.split(lines[0])[2:])
    assert compared.methods == ['an', 'll-r', 'my_method.py']
    assert write_config.parse_args(shlex.split(lines[1])[2:]).method == 'my_method.py'


@pytest.mark.parametrize('method', [*METHODS, *STATEFUL])
def test_trains_logs_and_resumes_bit_for_bit(devkit, tmp_path, method):
    whole = train(config(devkit, tmp_path / 'whole', method))
    cfg = config(devkit, tmp_path / 'broken', method)
    train_interrupted(cfg, epoch=2, batch=2)
    cfg.resume = True
    resumed = train(cfg)
    assert_same(dict(resumed.model.state_dict()), dict(whole.model.state_dict()))
    assert_same(state_of(resumed), state_of(whole))
    losses = scalars(whole, 'train/loss')
    assert len(losses) == 16
    assert np.isfinite(losses).all()
    assert scalars(resumed, 'train/loss') == losses
    assert loss_of(whole).epoch == 3
    for part in state_of(whole) if method in STATEFUL else ():
        for column in part['columns'].values():  # they are not equal for want of any
            assert len(column.get('keys', column.get('data'))) > 0


def test_actions_are_logged_drawn_and_right(devkit, tmp_path):
    runner = train(config(devkit, tmp_path, 'epoch'))
    truth = read_devkit(devkit)
    for epoch in (1, 2, 3):
        chosen = spy_of(runner).selected(epoch)
        assert scalars(runner, 'label/positive/count')[epoch] == len(chosen)
        right = [truth[name][label] for name, label in chosen]
        # Nothing is flipped in epoch 0, so precision begins in epoch 1.
        assert scalars(runner, 'label/positive/precision')[epoch - 1] == np.mean(right)
    file = next(tmp_path.glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert sum('label/positive/recall' in row for row in rows) == 4
    assert 'Epoch(train) [2] MySPLC: label/positive/count' in log_text(tmp_path)


def test_terms_are_logged(devkit, tmp_path):
    runner = train(config(devkit, tmp_path, 'term'))
    found = scalars(runner, 'term/expected_positives')
    assert len(found) == 4
    assert all(0 <= value < 1 for value in found)
    assert 'term' not in ''.join(k for k in runner.message_hub.log_scalars if 'loss' in k)


def test_entries_are_written_between_epochs(devkit, tmp_path):
    runner = train(config(devkit, tmp_path, 'entries'))
    # 96 open labels in 24 images: nine tenths of each class over three rounds.
    facts = loss_of(runner).state.facts
    quota = (0.9 * facts.unobserved_per_class() / 3).astype(int)
    table = loss_of(runner).state.suspicions('soft_negatives')
    for epoch in range(3):
        chosen = table['class'][table['epoch'] == epoch]
        assert np.bincount(chosen, minlength=5).tolist() == quota.tolist()
    assert scalars(runner, 'state/soft_negatives/count')[:3] == [quota.sum() * k for k in (1, 2, 3)]
    assert ((table['value'] > 0) & (table['value'] < 1)).all()
    assert scalars(runner, 'label/kept_negative/count') == [quota.sum() * k for k in range(4)]
    assert (facts.observed(table['sample'])[range(len(table['class'])), table['class']] == -1).all()


# What the pass over the training set is


@HOOKS.register_module()
class PredictHook(Hook):
    """Runs the pass twice after every epoch and keeps what it gives."""

    priority = 'LOW'

    def __init__(self, pipeline='test', weights='raw'):
        self.pipeline, self.weights, self.found = pipeline, weights, []

    def after_train_epoch(self, runner):
        loss = loss_of(runner)
        loss.predict_pipeline, loss.predict_weights = self.pipeline, self.weights
        before = torch.get_rng_state(), {n: m.training for n, m in runner.model.named_modules()}
        passes = [list(training_predictions(runner, loss)) for _ in range(2)]
        after = torch.get_rng_state(), {n: m.training for n, m in runner.model.named_modules()}
        assert torch.equal(before[0], after[0])
        assert before[1] == after[1]
        self.found.append(passes)


def predicted(devkit, folder, workers=0, dataset=None, **kwargs):
    cfg = config(devkit, folder, 'simplest', epochs=2, workers=workers, dataset=dataset)
    if kwargs.pop('ema', False):
        cfg.custom_hooks = [dict(type='EMAHook', momentum=0.3)]
    set_hook(cfg, 'predict', type='PredictHook', **kwargs)
    runner = train(cfg)
    return runner, next(h for h in runner.hooks if isinstance(h, PredictHook)).found


def test_a_pass_sees_every_image_once_without_disturbing_the_training(devkit, tmp_path):
    plain = train(config(devkit, tmp_path / 'plain', 'simplest', epochs=2))
    runner, found = predicted(devkit, tmp_path / 'watched')
    assert_same(dict(runner.model.state_dict()), dict(plain.model.state_dict()))
    for first, second in found:
        assert torch.cat([index for index, _ in first]).tolist() == list(range(24))
        assert torch.equal(torch.cat([s for _, s in first]), torch.cat([s for _, s in second]))
        scores = torch.cat([scores for _, scores in first])
        assert scores.shape == (24, 5)
        assert ((scores > 0) & (scores < 1)).all()


def test_repeated_images_are_seen_once(devkit, tmp_path):
    part = dataset_config(devkit, observe=dict(type='SinglePositive', seed=1), indices=[3, 9, 4])
    dataset = dict(
        type='RepeatDataset', times=2, dataset=dict(type='ConcatDataset', datasets=[part, part])
    )
    _, found = predicted(devkit, tmp_path, dataset=dataset)
    assert torch.cat([index for index, _ in found[0][0]]).tolist() == [3, 4, 9, 27, 28, 33]


def test_persistent_workers_and_the_training_pipeline(devkit, tmp_path):
    found = {}
    for pipeline in ('train', 'test'):
        cfg = config(devkit, tmp_path / pipeline, 'simplest', epochs=2, workers=1)
        cfg.train_dataloader.persistent_workers = True
        set_hook(cfg, 'predict', type='PredictHook', pipeline=pipeline)
        hook = next(h for h in train(cfg).hooks if isinstance(h, PredictHook))
        found[pipeline] = torch.cat([scores for _, scores in hook.found[1][0]])
    assert len(found['train']) == len(found['test']) == 24
    same = (found['train'] == found['test']).all(dim=1)  # without a flip
    assert 0 < same.sum() < 24


def test_averaged_weights(devkit, tmp_path):
    _, raw = predicted(devkit, tmp_path / 'raw', ema=True)
    _, ema = predicted(devkit, tmp_path / 'ema', ema=True, weights='ema')
    assert not torch.allclose(raw[1][0][0][1], ema[1][0][0][1], rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match=r"predict_weights='ema'.*EMAHook"):
        predicted(devkit, tmp_path / 'none', weights='ema')


def test_a_pass_without_a_test_pipeline_says_so(devkit, tmp_path):
    cfg = without_validation(config(devkit, tmp_path, 'entries'))
    cfg.test_cfg = cfg.test_dataloader = cfg.test_evaluator = None
    with pytest.raises(ValueError, match="predict_pipeline = 'train'"):
        train(cfg)


# Trained rows


@pytest.mark.parametrize('counts', [1, 4])
def test_rows_step_with_the_optimiser_at_its_rate(devkit, tmp_path, counts):
    """Accumulation: four batches of 6 step as their mean gradient, once."""
    cfg = config(devkit, tmp_path, 'rows', epochs=3)
    cfg.optim_wrapper.accumulative_counts = counts
    runner = train(cfg)
    optimizer = loss_of(runner).state.rows('estimates')._optimizer
    state = next(iter(optimizer.state.values()))
    assert int(state['step']) == 12 // counts
    # MultiStepLR: 0.1, then half of it; ten times that for the rows.
    assert optimizer.param_groups[0]['lr'] == pytest.approx(0.5)


def test_rows_are_no_parameters(devkit, tmp_path):
    runner = train(config(devkit, tmp_path, 'rows', epochs=1))
    saved = load(tmp_path / 'epoch_1.pth')
    assert not [name for name in saved['state_dict'] if 'estimate' in name]
    assert sum(p.numel() for p in runner.model.parameters() if p.shape == (24, 5)) == 0
    assert saved['wsml_mm']['losses'][0]['columns']['estimates']['data'].shape == (24, 5)


def test_a_loss_scale_does_not_reach_the_rows(devkit, tmp_path):
    """Mixed precision multiplies the model's loss by 65,536 before the backward pass."""
    rows = []
    for scale in (1.0, 65536.0):
        cfg = config(devkit, tmp_path / str(scale), 'rows', epochs=2)
        cfg.optim_wrapper.type, cfg.optim_wrapper.scale = 'ScaledOptimWrapper', scale
        rows.append(loss_of(train(cfg)).state.rows('estimates').data)
    torch.testing.assert_close(rows[0], rows[1], rtol=0, atol=1e-5)


@OPTIM_WRAPPERS.register_module()
class ScaledOptimWrapper(OptimWrapper):
    """Scales the loss before the backward pass and the gradients after it, as AMP does."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def backward(self, loss, **kwargs):
        super().backward(loss * self.scale, **kwargs)

    def step(self, **kwargs):
        for group in self.optimizer.param_groups:
            for parameter in group['params']:
                parameter.grad /= self.scale
        super().step(**kwargs)


# What is refused or warned of


@MODELS.register_module()
class OthersLoss(nn.Module):
    """A loss of another package; it takes unknown labels for negative."""

    def forward(self, cls_score, target, avg_factor=None):
        return torch.nn.functional.softplus(cls_score).mean()


@MODELS.register_module()
class KnowingLoss(OthersLoss):
    """The same, and it says that it knows."""

    handles_unobserved = True


@pytest.mark.parametrize(
    'loss', [dict(type='CrossEntropyLoss', use_sigmoid=True), dict(type='AsymmetricLoss')]
)
def test_stock_losses_on_unknown_labels_are_refused(devkit, tmp_path, loss):
    cfg = tiny_config(devkit, tmp_path, loss)
    with pytest.raises(ValueError, match=rf'{loss["type"]}.*96.*AssumeNegativeLoss'):
        train(cfg)
    cfg.train_dataloader.dataset.observe = None
    train(cfg)  # with every label known they are right


def test_an_unknown_loss_is_warned_of_unless_it_knows(devkit, tmp_path):
    for kind, times in (('OthersLoss', 1), ('KnowingLoss', 0)):
        train(tiny_config(devkit, tmp_path / kind, dict(type=kind), epochs=2))
        assert log_text(tmp_path / kind).count('handles_unobserved = True') == times


def test_nothing_unobserved_is_warned_of(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'all', 'LL-R', epochs=1)
    cfg.train_dataloader.dataset.observe = None
    train(cfg)
    assert 'every label of the training set is observed' in log_text(tmp_path / 'all')
    bare = tiny_config(devkit, tmp_path / 'bare', 'LL-R', epochs=1)
    bare.train_dataloader.dataset = dataset_config(devkit)['dataset']
    train(bare)
    assert 'not wrapped in PartialLabelDataset' in log_text(tmp_path / 'bare')
    cfg = tiny_config(devkit, tmp_path / 'an', 'AN', epochs=1)
    cfg.train_dataloader.dataset.observe = None
    train(cfg)
    assert 'is observed, so' not in log_text(tmp_path / 'an')


def test_resume_from_another_method_is_refused(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path, 'LL-R', epochs=1))
    cfg = tiny_config(devkit, tmp_path, 'LL-Cp', epochs=2)
    cfg.resume = True
    with pytest.raises(ValueError, match=r'no label state.*LargeLossCorrectPerm.*load_from'):
        train(cfg)
    train(config(devkit, tmp_path / 'rows', 'rows', epochs=1))
    cfg = tiny_config(devkit, tmp_path / 'rows', 'LL-Cp', epochs=2)
    cfg.resume = True
    with pytest.raises(ValueError, match=r"\['estimates'\], the method keeps \['corrections'\]"):
        train(cfg)


def test_the_old_names_work_with_a_warning(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'old', 'LL-Cp', epochs=3)
    set_hook(cfg, 'partial_label')
    set_hook(cfg, 'large_loss', type='LargeLossHook', warn_share=0.01)
    cfg.model.head.type = 'IndexedMultiLabelLinearClsHead'
    with pytest.warns(UserWarning, match='LargeLossHook is now called PartialLabelHook'):
        old = train(cfg)
    new = train(tiny_config(devkit, tmp_path / 'new', 'LL-Cp', epochs=3))
    assert_same(dict(old.model.state_dict()), dict(new.model.state_dict()))
    assert_same(state_of(old), state_of(new))
    assert 'of the unobserved labels' in log_text(tmp_path / 'old')
    assert 'MultiLabelLinearClsHead does the same' in log_text(tmp_path / 'old')
    with pytest.warns(UserWarning, match='state_from'):
        assert LargeLossHook(corrections_from='x.pth').state_from == 'x.pth'


@MODELS.register_module()
class ForgetfulLoss(LargeLossCorrectPerm):
    """Labels between epochs and forgets `super().end_epoch`."""

    def end_epoch(self, predict):
        self.seen = sum(len(index) for index, _ in predict())


def test_state_is_merged_whatever_a_method_forgets(devkit, tmp_path):
    plain = train(tiny_config(devkit, tmp_path / 'plain', 'LL-Cp', epochs=3))
    loss = dict(type='ForgetfulLoss', delta_rel=5)
    runner = train(tiny_config(devkit, tmp_path / 'forgetful', loss, epochs=3))
    assert loss_of(runner).seen == 24
    assert_same(state_of(runner), state_of(plain))
    saved = (load(tmp_path / name / 'epoch_3.pth') for name in ('plain', 'forgetful'))
    one, other = (each['wsml_mm']['losses'] for each in saved)
    assert_same(one, other)
