"""What a training may be wrapped in: half precision, accumulation, compilation, averaged weights.

None of it may change what is selected or where a correction lands.
"""

from __future__ import annotations

import copy
from contextlib import contextmanager

import numpy as np
import pytest
import torch
import torch.multiprocessing as mp
import torch.nn.functional as F
from helpers import (
    LOSSES,
    dataset_config,
    log_text,
    loss_of,
    read_devkit,
    scalars,
    selected_pairs,
    set_hook,
    spy_of,
    tiny_config,
    train,
    without_validation,
    write_devkit,
)
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmpretrain.registry import HOOKS, OPTIM_WRAPPERS

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.engine.hooks.set_up import find_losses
from wsml_mm.models.losses import LargeLoss

CLASSES, COUNT = 5, 2  # 5 % of 6 images x 5 classes is 1.5, taken up


@pytest.fixture(autouse=True)
def _start_method():
    method = mp.get_start_method(allow_none=True)
    yield
    mp.set_start_method(method, force=True)
    torch._dynamo.reset()


def _dataset(devkit, **kwargs):
    dataset = dataset_config(devkit, observe=dict(type='SinglePositive', seed=1200), **kwargs)
    dataset['dataset']['pipeline'].pop(1)  # workers flip other images than the main process
    return dataset


def _config(devkit, work_dir, loss='LL-Cp', **kwargs) -> Config:
    kwargs.setdefault('dataset', _dataset(devkit))
    cfg = without_validation(tiny_config(devkit, work_dir, loss, **kwargs))
    set_hook(cfg, 'spy', type='SpyHook')
    return cfg


@pytest.fixture(scope='module')
def plain(devkit, tmp_path_factory):
    """The steps and corrections of the same training without any wrapper."""
    done = {}

    def run(loss='LL-Cp'):
        if loss not in done:
            done[loss] = train(_config(devkit, tmp_path_factory.mktemp('plain'), loss))
        return done[loss]

    return run


def _table(runner):
    return {key: column.tolist() for key, column in loss_of(runner).corrections.table().items()}


def _largest(logits: torch.Tensor, unobserved: torch.Tensor, count: int) -> torch.Tensor:
    """The selection by hand: largest logit first, equal ones in the order of (row, class)."""
    entries = [
        (-logits[row, label].item(), row, label) for row, label in unobserved.nonzero().tolist()
    ]
    chosen = torch.zeros_like(unobserved)
    for _, row, label in sorted(entries)[:count]:
        chosen[row, label] = True
    return chosen


@HOOKS.register_module()
class LogitsHook(Hook):
    """Keeps the logits, loss trace and data samples of every training step."""

    priority = 'VERY_HIGH'

    def __init__(self):
        self.steps, self.states = [], []

    def before_train(self, runner):
        runner.model.head.fc.register_forward_hook(self._keep)

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.states.append(copy.deepcopy(runner.model.state_dict()))

    def _keep(self, module, args, output):
        self.logits = output.detach().clone()

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        self.steps.append((self.logits, loss_of(runner).trace, copy.deepcopy(data_batch)))


def _logits_of(runner):
    return next(h for h in runner.hooks if isinstance(h, LogitsHook))


# Half precision


@OPTIM_WRAPPERS.register_module()
class CpuAmpOptimWrapper(OptimWrapper):
    """Autocast also without a GPU, which AmpOptimWrapper asks for."""

    def __init__(self, dtype, **kwargs):
        super().__init__(**kwargs)
        self.dtype = getattr(torch, dtype)

    @contextmanager
    def optim_context(self, model):
        with super().optim_context(model), torch.autocast(get_device(), self.dtype):
            yield


@pytest.mark.parametrize('dtype', ['bfloat16', 'float16'])
@pytest.mark.parametrize('loss', ['LL-R', 'LL-Cp'])
def test_autocast_selects_in_float32(devkit, tmp_path, monkeypatch, loss, dtype):
    given, select = set(), LargeLoss.select

    def watch(self, batch, *args):
        given.add(batch.logits.dtype)
        return select(self, batch, *args)

    monkeypatch.setattr(LargeLoss, 'select', watch)
    cfg = _config(devkit, tmp_path / 'run', loss)
    cfg.optim_wrapper.update(type='CpuAmpOptimWrapper', dtype=dtype)
    set_hook(cfg, 'logits', type='LogitsHook')
    runner = train(cfg)
    steps = _logits_of(runner).steps
    for number, (logits, trace, _) in enumerate(steps):
        assert logits.dtype == getattr(torch, dtype)  # it was half precision indeed
        assert trace.entry_loss.dtype == torch.float32
        epoch = number // 4
        count = -(-epoch * 5 * 30 // 100) if loss == 'LL-R' else COUNT * min(epoch, 1)
        expected = _largest(logits.float(), trace.open(), count)
        assert torch.equal(trace.acted_on(), expected), number
    assert given == {p.dtype for p in runner.model.parameters()} == {torch.float32}
    losses = scalars(runner, 'train/loss')
    assert np.isfinite(losses).all()
    assert np.mean(losses[-4:]) < np.mean(losses[:4])
    if loss == 'LL-Cp':
        assert len(loss_of(runner).corrections) == len(set(spy_of(runner).selected())) == 16


def test_autocast_selects_among_equal_half_logits_in_order(devkit, tmp_path):
    """A head of zeros: every logit is equal in any precision."""
    cfg = _config(devkit, tmp_path / 'run', 'LL-R', epochs=2)
    cfg.optim_wrapper.update(type='CpuAmpOptimWrapper', dtype='bfloat16')
    cfg.optim_wrapper.optimizer.lr = 0.0
    cfg.model.head.init_cfg = dict(type='Constant', layer='Linear', val=0)
    set_hook(cfg, 'logits', type='LogitsHook')
    for logits, trace, _ in _logits_of(train(cfg)).steps[4:]:
        assert (logits == 0).all()
        assert trace.open().flatten().cumsum(0)[trace.acted_on().flatten()].tolist() == [1, 2]


# Gradient accumulation


@pytest.mark.parametrize('loss', ['LL-R', 'LL-Ct', 'LL-Cp'])
def test_gradient_accumulation(devkit, tmp_path, loss):
    """Each micro-batch selects within itself; the step takes the mean of their gradients."""
    cfg = _config(devkit, tmp_path / 'run', loss, epochs=2)
    cfg.param_scheduler = None
    cfg.optim_wrapper = dict(accumulative_counts=2, optimizer=dict(type='SGD', lr=0.5))
    set_hook(cfg, 'logits', type='LogitsHook')
    runner = train(cfg)
    seen = _logits_of(runner)
    states = [*seen.states, copy.deepcopy(runner.model.state_dict())]
    for first in (4, 6):
        assert torch.equal(states[first]['head.fc.weight'], states[first + 1]['head.fc.weight'])
        runner.model.load_state_dict(states[first])
        runner.model.train().zero_grad()
        for logits, trace, batch in seen.steps[first : first + 2]:
            found, target = _forward(runner.model, batch)
            torch.testing.assert_close(found.detach(), logits)
            chosen = _largest(logits, target == -1, COUNT)
            assert torch.equal(trace.acted_on(), chosen)
            positive = target == 1
            if loss == 'LL-R':
                entry = F.binary_cross_entropy_with_logits(
                    found, positive.float(), reduction='none'
                )
                entry = entry * ~chosen
            else:
                entry = F.binary_cross_entropy_with_logits(
                    found, (positive | chosen).float(), reduction='none'
                )
            (entry.mean() / 2).backward()
        for name, parameter in runner.model.named_parameters():
            expected = states[first][name] - 0.5 * parameter.grad
            torch.testing.assert_close(states[first + 2][name], expected, rtol=1e-5, atol=1e-6)


def _forward(model, batch):
    batch = model.data_preprocessor(copy.deepcopy(batch), training=True)
    logits = model.head.fc(model.head.pre_logits(model.extract_feat(batch['inputs'])))
    return logits, torch.stack([s.gt_score for s in batch['data_samples']])


def test_accumulated_corrections_are_those_of_the_micro_batches(devkit, tmp_path):
    cfg = _config(devkit, tmp_path / 'run')
    cfg.optim_wrapper.accumulative_counts = 3  # an epoch has 4 steps: one sum spans two epochs
    runner = train(cfg)
    names = list(read_devkit(devkit))
    table = _table(runner)
    found = {(names[s], c) for s, c in zip(table['sample'], table['class'], strict=True)}
    assert found == set(spy_of(runner).selected())
    assert len(found) == 16


# Averaged weights and buffers


@pytest.mark.parametrize('loss', ['LL-R', 'LL-Cp'])
@pytest.mark.parametrize(
    'hooks',
    [
        [dict(type='EMAHook', momentum=0.1)],
        [dict(type='EMAHook', momentum=0.1, update_buffers=True)],
        [dict(type='SyncBuffersHook')],
        [
            dict(type='EMAHook', ema_type='ExponentialMovingAverage', momentum=0.1, begin_epoch=1),
            dict(type='SyncBuffersHook'),
        ],
    ],
    ids=['ema', 'ema with buffers', 'sync', 'ema later and sync'],
)
def test_averaging_changes_no_selection(devkit, tmp_path, plain, loss, hooks):
    cfg = tiny_config(devkit, tmp_path / 'run', loss, dataset=_dataset(devkit))
    set_hook(cfg, 'spy', type='SpyHook')
    cfg.custom_hooks = hooks
    runner = train(cfg)  # with validation, for which the averaged weights are swapped in
    assert spy_of(runner).steps == spy_of(plain(loss)).steps
    assert spy_of(runner).selected()
    if loss == 'LL-Cp':
        assert _table(runner) == _table(plain())


# Worker processes


@pytest.mark.parametrize('method', ['fork', 'spawn'])
def test_persistent_workers(devkit, tmp_path, plain, method):
    """Workers that live on hold no labels of their own."""
    cfg = _config(devkit, tmp_path / 'run', workers=1)
    cfg.train_dataloader.persistent_workers = True
    cfg.env_cfg.mp_cfg.mp_start_method = method
    runner = train(cfg)
    assert mp.get_start_method() == method
    assert spy_of(runner).steps == spy_of(plain()).steps
    assert _table(runner) == _table(plain())


# Parts of a data set


PARTS = {
    'first ones': (dict(), 13, list(range(13))),
    'inside': (dict(indices=[20, 3, 7, 1, 12, 5, 0, 23]), None, [20, 3, 7, 1, 12, 5, 0, 23]),
    'inside, a number': (dict(indices=9), None, list(range(9))),
    'outside': (dict(), [20, 3, 7, 1, 12, 5, 0, 23], [20, 3, 7, 1, 12, 5, 0, 23]),
    'both': (dict(indices=list(range(23, 3, -1))), [19, 0, 4, 9, 2], [4, 23, 19, 14, 21]),
}


@pytest.mark.parametrize('part', PARTS)
def test_indices(devkit, tmp_path, part):
    """A correction belongs to its image whichever side of the wrapper picks the images."""
    inner, outer, kept = PARTS[part]
    dataset = _dataset(devkit)
    dataset['dataset'].update(inner)
    if outer is not None:
        dataset['indices'] = outer
    runner = train(_config(devkit, tmp_path / 'run', dataset=dataset))
    truth = list(read_devkit(devkit))
    steps = spy_of(runner).steps
    seen = [p.rsplit('/', 1)[-1] for s in steps if s['epoch'] == 0 for p in s['paths']]
    assert sorted(seen) == sorted(truth[k] for k in kept)
    _assert_lands(runner, [truth[k] for k in inner.get('indices', range(24))]
                  if isinstance(inner.get('indices'), list) else truth)  # fmt: skip


def _assert_lands(runner, names):
    """Every correction is a selected entry of the image that its row names, and none is lost."""
    first, table = {}, _table(runner)
    for epoch in range(3):
        for pair in spy_of(runner).selected(epoch):
            first.setdefault(pair, epoch)
    found = {
        (names[s], c): e
        for s, c, e in zip(table['sample'], table['class'], table['epoch'], strict=True)
    }
    assert found == first
    assert first
    for step in spy_of(runner).steps:
        for path, index in zip(step['paths'], step['sample_idx'], strict=True):
            assert path.endswith(names[index])
        if step['epoch'] == 2:  # what is held is not offered again
            for path, row in zip(step['paths'], step['unobserved'], strict=True):
                held = {c for (name, c), e in found.items() if path.endswith(name) and e < 2}
                assert not held & set(np.flatnonzero(row).tolist())


def test_nested_wrappers_around_parts(tmp_path_factory, tmp_path):
    root = tmp_path_factory.mktemp('kits')
    kits = [write_devkit(root / p, train=n, seed=n, prefix=p) for p, n in (('a_', 9), ('b_', 12))]
    parts = [_dataset(kits[0], indices=[8, 2, 5, 0]), _dataset(kits[1])]
    parts[1]['dataset']['indices'] = [11, 4, 6, 1, 3]
    concat = dict(type='ConcatDataset', datasets=[dict(type='RepeatDataset', times=2,
                                                       dataset=parts[0]), parts[1]])  # fmt: skip
    balanced = dict(type='ClassBalancedDataset', oversample_thr=0.6, dataset=parts[0])
    for number, stack in enumerate(
        (
            dict(type='RepeatDataset', times=2, dataset=concat),
            dict(type='ConcatDataset', datasets=[balanced, parts[1]]),
        )
    ):
        cfg = _config(kits[0], tmp_path / str(number), dataset=stack)
        runner = train(cfg)
        leaves = wrapped_datasets(runner.train_dataloader.dataset)
        assert [leaf.index_offset for leaf in leaves] == [0, 9]
        second = list(read_devkit(kits[1]))
        _assert_lands(runner, [*read_devkit(kits[0]), *(second[k] for k in (11, 4, 6, 1, 3))])


# Compilation


@pytest.mark.parametrize('loss', ['LL-R', 'LL-Cp'])
def test_compiled_training(devkit, tmp_path, plain, loss):
    cfg = _config(devkit, tmp_path / 'run', loss)
    cfg.compile = dict(backend='eager')
    runner = train(cfg)
    assert 'has been "compiled"' in log_text(tmp_path / 'run')
    _assert_equals(runner, plain(loss))


@pytest.mark.parametrize('loss', ['LL-R'])
def test_compiled_model(devkit, tmp_path, plain, loss):
    """`torch.compile(model)` replaces the model; `model.compile()` compiles its call."""
    cfg = _config(devkit, tmp_path / 'run', loss)
    set_hook(cfg, 'compile', type='CompileHook')
    runner = train(cfg)
    assert torch._dynamo.utils.counters['stats']['unique_graphs'] > 0
    _assert_equals(runner, plain(loss))
    optimized = torch.compile(runner.model, backend='eager')
    runner.model = optimized
    assert find_losses(runner) == [optimized.head.loss_module]


@HOOKS.register_module()
class CompileHook(Hook):
    """Compiles the model's call before any other hook sees it."""

    priority = 'VERY_HIGH'

    def before_run(self, runner):
        torch._dynamo.utils.counters.clear()
        runner.model.compile(backend='eager')


def _assert_equals(runner, expected):
    steps, others = spy_of(runner).steps, spy_of(expected).steps
    assert [s['epoch'] for s in steps] == [0] * 4 + [1] * 4 + [2] * 4
    found = [s['loss'] for s in steps]
    np.testing.assert_allclose(found, [s['loss'] for s in others], rtol=0, atol=1e-6)
    assert selected_pairs(steps) == selected_pairs(others)
    name = 'label/ignored/count' if loss_of(runner).growing else 'label/positive/count'
    assert scalars(runner, name) == scalars(expected, name)
    if loss_of(runner).growing is False:
        assert _table(runner) == _table(expected)


# Other runners


@pytest.mark.parametrize('loss', ['AN', 'LL-R', 'LL-Cp'])
def test_flexible_runner_is_refused(devkit, tmp_path, loss):
    from mmengine.runner._flexible_runner import FlexibleRunner

    assert loss in LOSSES
    cfg = _config(devkit, tmp_path / 'run', loss)
    cfg.experiment_name = f'flexible_{loss}'
    runner = FlexibleRunner.from_cfg(cfg)
    with pytest.raises(TypeError, match=r"FlexibleRunner .*use mmengine's Runner") as caught:
        runner.train()
    assert '\n' not in str(caught.value)
