"""The loops over stored features: bit for bit what MMEngine's do, with nothing in between."""

from __future__ import annotations

import copy

import pytest
import torch
from helpers import set_hook, train, write_devkit
from mmengine.dataset import pseudo_collate
from mmengine.evaluator import BaseMetric
from mmengine.hooks import Hook
from mmengine.registry import FUNCTIONS
from mmengine.runner import Runner
from mmpretrain.models.heads import MultiLabelLinearClsHead
from mmpretrain.registry import HOOKS, METRICS, MODELS, OPTIMIZERS
from torch import nn
from trained_runs import linear_config, write_extractor

from wsml_mm.datasets.feature_loader import FeatureBatch, FeatureLoader
from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.engine import feature_loops
from wsml_mm.engine.hooks import partial_label_hook

METHODS = {
    'AN': dict(type='AssumeNegativeLoss'),
    'LL-R': dict(type='LargeLossReject', delta_rel=5),
    'LL-Cp': dict(type='LargeLossCorrectPerm', delta_rel=5),
    'ROLE': dict(type='ROLELoss', expected_num_pos=2.0),
    'write-back': dict(type='ThresholdWriteBackLoss', threshold=0.5, warm_up=1),
    'EM + EPR': dict(type='EMLoss', extra=[dict(type='EPRLoss', expected_num_pos=2.0)]),
}


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp('features')
    write_devkit(folder / 'kit')
    return folder


@pytest.fixture(scope='module')
def extractor(folder):
    return write_extractor(folder)


@pytest.fixture
def make(folder, extractor, tmp_path):
    def build(loss='AN', **options):
        cfg = linear_config(folder, folder / 'kit', copy.deepcopy(extractor))
        cfg.work_dir = str(tmp_path / 'work')
        cfg.model.head.loss = METHODS[loss]
        cfg.optim_wrapper, cfg.param_scheduler = dict(optimizer=dict(type='Adam', lr=0.02)), []
        cfg.merge_from_dict(options)
        return cfg

    return build


def trained(cfg, monkeypatch, stock):
    """Returns the runner of a training, of MMEngine's loops or ours."""
    with monkeypatch.context() as patch:
        if stock:
            patch.setattr(partial_label_hook, 'use_feature_loops', lambda runner: None)
        runner = train(copy.deepcopy(cfg))
        runner.tested = runner.test()
    kind = type(runner.train_loop)
    assert (kind is feature_loops.FeatureTrainLoop) is not stock
    return runner


def logged(runner):
    scalars = runner.message_hub.log_scalars
    return {name: s.data[0].tolist() for name, s in scalars.items() if 'time' not in name}


def assert_equal(one, other):
    """Compares weights, logs, tests, and what is drawn next."""
    assert logged(one) == logged(other)
    assert one.tested == other.tested
    mine, theirs = one.model.state_dict(), other.model.state_dict()
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[name], theirs[name]) for name in mine)


def both(cfg, monkeypatch):
    runners = [trained(cfg, monkeypatch, stock) for stock in (True, False)]
    assert_equal(*runners)
    return runners


@pytest.fixture
def no_samples(monkeypatch):
    """Counts reads; fails where a sample is made."""
    reads = []
    rows = FeatureDataset.feature_rows

    def counted(self, positions):
        reads.append(len(positions))
        return rows(self, positions)

    def refused(self, *args):
        pytest.fail('a sample was made')

    def count():
        monkeypatch.setattr(FeatureDataset, 'feature_rows', counted)
        monkeypatch.setattr(PartialLabelDataset, '__getitems__', refused)
        monkeypatch.setattr(PartialLabelDataset, '__getitem__', refused)
        return reads

    return count


@pytest.mark.parametrize('method', METHODS)
def test_equals_the_stock_loops(make, monkeypatch, method):
    runner = both(make(method), monkeypatch)[1]
    assert isinstance(runner.train_dataloader, FeatureLoader)
    assert isinstance(runner.val_loop, feature_loops.FeatureValLoop)
    assert isinstance(runner.test_loop, feature_loops.FeatureTestLoop)


def test_makes_no_samples_and_reads_batches_together(make, no_samples):
    train(make(**{'train_cfg.max_epochs': 1}))  # the features are there
    reads = no_samples()
    train(make('LL-R'))
    # 24 images in 4 batches of 6, and the 8 of the validation, twice each, are read at once.
    assert reads == [24, 8] * 2


def test_calls_only_hooks_that_do_something(make, monkeypatch):
    calls, before = [], Hook.before_train_iter

    def counted(self, *args, **kwargs):
        calls.append(type(self).__name__)
        before(self, *args, **kwargs)

    monkeypatch.setattr(Hook, 'before_train_iter', counted)
    train(make())
    assert calls == ['IterTimerHook'] * 8


SEEN = []


@HOOKS.register_module()
class LooksAtBatches(Hook):
    """Notes what a user's hook is given."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        SEEN.append(('before', batch_idx, runner.iter, describe(data_batch)))

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        SEEN.append(('after', batch_idx, float(outputs['loss']), describe(data_batch)))

    def after_val_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        scores = [sample.pred_score.tolist() for sample in outputs]
        SEEN.append(('val', batch_idx, scores, describe(data_batch)))


@HOOKS.register_module()
class LooksAfterwards(LooksAtBatches):
    """Looks only once the step is done."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        pass


def describe(batch):
    samples = batch['data_samples']
    assert type(samples) is list
    return (
        [x.tolist() for x in batch['inputs']],
        [(s.sample_idx, s.gt_label.tolist(), s.gt_score.tolist(), s.img_path) for s in samples],
    )


@pytest.mark.parametrize('kind', ['LooksAtBatches', 'LooksAfterwards'])
def test_hooks_of_users_are_given_the_same(make, monkeypatch, kind):
    cfg, found = make('LL-R', custom_hooks=[dict(type=kind)]), []
    if kind == 'LooksAfterwards':
        cfg.merge_from_dict(OPTIONS['stacked samples'])
    for stock in (True, False):
        SEEN.clear()
        runner = trained(cfg, monkeypatch, stock)
        found.append((list(SEEN), logged(runner)))
    assert found[0] == found[1]
    assert len(found[0][0]) > 8


@HOOKS.register_module()
class ChangesBatches(Hook):
    """An augmentation of features by a hook."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        data_batch['inputs'] = [2 * x for x in data_batch['inputs']]
        data_batch['data_samples'][0].gt_score.fill_(1)


def test_what_a_hook_changes_is_trained_on(make, monkeypatch):
    plain = trained(make(), monkeypatch, stock=True)
    changed = both(make(custom_hooks=[dict(type='ChangesBatches')]), monkeypatch)[1]
    assert logged(plain)['train/loss'] != logged(changed)['train/loss']


OPTIONS = {
    'accumulation': {'optim_wrapper.accumulative_counts': 3},
    'clipping': {'optim_wrapper.clip_grad': dict(max_norm=0.01)},
    'averaged weights': {'custom_hooks': [dict(type='EMAHook')]},
    'rates by step': {'param_scheduler': [dict(type='LinearLR', by_epoch=False, end=5)]},
    'rest dropped': {'train_dataloader.drop_last': True, 'train_dataloader.batch_size': 5},
    'stacked samples': {f'{part}_dataloader.collate_fn': dict(type='default_collate')
                        for part in ('train', 'val', 'test')},
    'workers': {'train_dataloader.num_workers': 1},
    'indexed head': {'model.head.type': 'IndexedMultiLabelLinearClsHead'},
    'scaled features': {'model.head.type': 'FixedLengthLinearHead'},
    'two metrics': {'val_evaluator': [dict(type='MeanAveragePrecision', classwise=True),
                                      dict(type='PartialLabelMetric', prefix='p')]},
    'full labels': {'val_dataloader.dataset.diagnosis': True,
                    'val_dataloader.dataset.observe': dict(type='SinglePositive', seed=2),
                    'val_evaluator': dict(type='MeanAveragePrecision', labels='full')},
}  # fmt: skip


@pytest.mark.parametrize('option', OPTIONS)
def test_equals_the_stock_loops_with(make, monkeypatch, option):
    runner = both(make('LL-Cp', **OPTIONS[option]), monkeypatch)[1]
    assert runner.train_dataloader.as_tensors


@MODELS.register_module()
class OwnLossHead(MultiLabelLinearClsHead):
    """A head that computes its loss itself."""

    def _get_loss(self, cls_score, data_samples, **kwargs):
        return {'loss': 3 * super()._get_loss(cls_score, data_samples, **kwargs)['loss']}


@MODELS.register_module()
class SquaredLoss(nn.Module):
    """A loss of a user's, not reduced."""

    handles_unobserved = True

    def forward(self, cls_score, target, avg_factor=None):
        return (cls_score - target).square().mean(1)


@METRICS.register_module()
class OwnMetric(BaseMetric):
    """A metric that reads samples."""

    default_prefix = 'own'

    def process(self, data_batch, data_samples):
        self.results += [float(sample['pred_score'].sum()) for sample in data_samples]

    def compute_metrics(self, results):
        return {'sum': sum(results)}


def test_heads_of_users_are_trained_by_the_stock_step(make, monkeypatch):
    runner = both(make(**{'model.head.type': 'OwnLossHead'}), monkeypatch)[1]
    assert not runner.train_dataloader.as_tensors


def test_losses_and_metrics_of_users(make, monkeypatch):
    metrics = [dict(type='MeanAveragePrecision'), dict(type='OwnMetric')]
    cfg = make(val_evaluator=metrics)
    cfg.model.head.loss = dict(type='SquaredLoss')
    runner = both(cfg, monkeypatch)[1]
    assert runner.train_dataloader.as_tensors
    assert not runner.val_dataloader.as_tensors


@OPTIMIZERS.register_module()
class KeepsGradients(torch.optim.SGD):
    """Carries half of each gradient over to the next step, which it clears in a way of its own."""

    def zero_grad(self, set_to_none=True):
        for group in self.param_groups:
            for parameter in group['params']:
                parameter.grad = None if parameter.grad is None else parameter.grad / 2


@pytest.mark.parametrize('kind', ['KeepsGradients', 'SGD'])
def test_gradients_are_cleared_as_the_optimiser_does(make, monkeypatch, kind):
    _, ours = both(make(**{'optim_wrapper.optimizer': dict(type=kind, lr=0.02)}), monkeypatch)
    kept = [parameter.grad is not None for parameter in ours.model.parameters()]
    assert kept == [kind == 'KeepsGradients'] * len(kept)


@HOOKS.register_module()
class WatchesTheModel(Hook):
    """Looks at the model's own inputs, as a profiler does."""

    def before_train(self, runner):
        runner.model.register_forward_pre_hook(lambda module, args: SEEN.append('model'))


def test_a_watched_model_is_called(make, monkeypatch):
    SEEN.clear()
    runner = both(make(custom_hooks=[dict(type='WatchesTheModel')]), monkeypatch)[1]
    assert not runner.train_dataloader.as_tensors
    assert len(SEEN) == 2 * (2 * (4 + 1) + 1)  # trainings of 2 epochs, with validation, and a test


def test_resumes_as_if_nothing_had_happened(make, monkeypatch):
    cfg = make('LL-Cp', **{'train_cfg.max_epochs': 3})
    whole = trained(cfg, monkeypatch, stock=True)
    cut = copy.deepcopy(cfg)
    cut.work_dir += '_cut'
    cut.train_cfg.max_epochs = 1
    trained(cut, monkeypatch, stock=False)
    cut.train_cfg.max_epochs, cut.resume = 3, True
    assert_equal(trained(cut, monkeypatch, stock=False), whole)


def test_an_error_in_a_hook_names_it(make):
    cfg = make()
    set_hook(cfg, 'wrong', type='TakesTooLittle')
    with pytest.raises(TypeError, match='TakesTooLittle'):
        train(cfg)


@HOOKS.register_module()
class TakesTooLittle(Hook):
    """A hook of a wrong signature."""

    def after_train_iter(self, runner):
        pass


def test_a_score_that_is_not_finite_names_its_image(make):
    cfg = make()
    cfg.optim_wrapper.optimizer = dict(type='SGD', lr=float('inf'))
    with pytest.raises(ValueError, match=r'\.jpg: .* scores are NaN'):
        train(cfg)


@FUNCTIONS.register_module()
def own_collate(samples):
    """Collates as a user's function may."""
    return pseudo_collate(samples)


def test_other_data_keep_their_loops(make, folder):
    cfg = make()
    cfg.train_dataloader.collate_fn = dict(type='own_collate')
    dataset = cfg.val_dataloader.dataset
    cfg.val_dataloader.dataset = dict(type='RepeatDataset', dataset=dataset, times=2)
    runner = Runner.from_cfg(cfg)
    assert len(runner.train_dataloader) * len(runner.val_dataloader)  # which builds the loops
    feature_loops.use_feature_loops(runner)
    assert type(runner.train_loop).__name__ == 'EpochBasedTrainLoop'
    assert type(runner.val_loop).__name__ == 'ValLoop'
    assert FeatureBatch.closed({'inputs': []}) is None
