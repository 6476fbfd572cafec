from __future__ import annotations

import copy
import enum
import io
import math
import pickle
from collections import Counter, OrderedDict, deque
from pathlib import Path
from types import SimpleNamespace

import mmengine.optim.scheduler as schedulers
import numpy as np
import pytest
import torch
from helpers import (
    assert_same,
    load,
    loss_of,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mmengine.config import ConfigDict
from mmengine.hooks import EMAHook, Hook
from mmengine.logging import HistoryBuffer, MessageHub
from mmengine.runner import Runner
from mmpretrain.registry import HOOKS

from wsml_mm.engine import PlainCheckpointHook
from wsml_mm.engine.hooks.plain_checkpoint_hook import from_plain, to_plain


def through_file(value):
    """Saves a value and reads it as torch >= 2.6 does."""
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


class OnDevice(torch.Tensor):
    """A tensor as it comes from a checkpoint that is loaded onto a GPU."""

    def numpy(self):
        raise TypeError("can't convert cuda:0 device type tensor to numpy")

    def cpu(self):
        return self.as_subclass(torch.Tensor)


def on_device(value):
    if isinstance(value, torch.Tensor):
        return value.as_subclass(OnDevice)
    if isinstance(value, dict):
        return {key: on_device(part) for key, part in value.items()}
    return value


def test_arrays_come_back_from_a_gpu():
    """MMEngine resumes with every tensor of the checkpoint on the device of the model."""
    buffer = HistoryBuffer([1.0, 2.0, 3.0], [1, 2, 3])
    value = {'array': np.arange(3), 'buffer': buffer}
    assert_same(from_plain(on_device(to_plain(value))), value)


# Values

scalar = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.complex_numbers()
    | st.text(max_size=5)
    | st.binary(min_size=1, max_size=5)  # torch's own loader refuses b''
)
arrays = hnp.arrays(
    st.sampled_from(['?', 'i1', 'u1', 'i2', 'i4', 'i8', 'f2', 'f4', 'f8', 'c8', 'c16']),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3),
)
tensors = arrays.map(lambda a: torch.from_numpy(a.copy()))
buffers = st.lists(st.tuples(st.floats(), st.integers(1, 9)), max_size=4).map(
    lambda rows: HistoryBuffer([r[0] for r in rows], [r[1] for r in rows], max_length=7)
)
values = st.recursive(
    scalar | arrays | tensors | buffers,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=4) | st.integers(), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(values)
def test_round_trip(value):
    before = pickle.dumps(value)
    assert_same(from_plain(through_file(to_plain(value))), value)
    assert pickle.dumps(value) == before


@pytest.mark.parametrize('dtype', ['f8', 'f4', 'f2', 'i8', '?'])
@given(number=st.floats(-100, 100))
def test_numpy_scalars_become_numbers(dtype, number):
    value = np.array(number).astype(dtype)[()]
    found = through_file(to_plain({value: [value]}))
    assert_same(found, {value.item(): [value.item()]})


class Colour(enum.IntEnum):
    RED = 3


class Name(str):
    pass


@pytest.mark.parametrize(
    ('value', 'expected'),
    [
        (Colour.RED, 3),
        (Name('x'), 'x'),
        (np.str_('x'), 'x'),
        (Path('/a/b'), '/a/b'),
        (np.array(['a', 'b']), ['a', 'b']),
        (np.array([1, 'b', None], dtype=object), [1, 'b', None]),
        (deque([1, 2], maxlen=2), [1, 2]),
        ({4}, [4]),
        (frozenset({4}), [4]),
        (Counter({2: 1}), {2: 1}),
        (OrderedDict(b=1, a=2), {'b': 1, 'a': 2}),
        (ConfigDict(a=dict(b=[1, (2, 3)])), {'a': {'b': [1, (2, 3)]}}),
        ({np.int64(3): np.float64(0.5)}, {3: 0.5}),
        ({'f': math.cos, 'kept': 1}, {'kept': 1}),
        ([math.cos, 1], [1]),
    ],
    ids=repr,
)
def test_what_other_values_become(value, expected):
    assert_same(from_plain(through_file(to_plain(value))), expected)


def test_byte_order_and_layout_do_not_matter():
    value = np.arange(6, dtype='>i4').reshape(2, 3).T
    assert_same(from_plain(through_file(to_plain(value))), np.array([[0, 3], [1, 4], [2, 5]], 'i4'))
    frozen = np.arange(3.0)
    frozen.flags.writeable = False
    assert_same(from_plain(through_file(to_plain(frozen))), np.arange(3.0))


def test_a_value_that_cannot_be_saved_is_logged(monkeypatch):
    logged = []
    monkeypatch.setattr(
        'wsml_mm.engine.hooks.plain_checkpoint_hook.print_log',
        lambda text, **_: logged.append(text),
    )
    assert to_plain({'a': {'b': object(), 'c': 1}}, '.meta') == {'a': {'c': 1}}
    assert to_plain({'f': math.cos}) == {}
    assert logged == [
        'checkpoint.meta.a.b: object cannot be saved as a plain value and is left out'
    ]


# Schedulers

COMMON = dict(begin=0, end=12)
ARGS = {
    'Constant': dict(factor=0.3, begin=0, end=4),
    'CosineAnnealing': dict(T_max=12, **COMMON),
    'CosineRestart': dict(periods=[4, 5, 6], restart_weights=[1, 0.5, 0.3], eta_min=1e-4),
    'Exponential': dict(gamma=0.7, **COMMON),
    'Linear': dict(start_factor=0.1, begin=0, end=9),
    'MultiStep': dict(milestones=[2, 6, 6, 8], gamma=0.3, **COMMON),
    'OneCycle': dict(eta_max=0.8, total_steps=12),
    'Poly': dict(power=2, eta_min=1e-3, **COMMON),
    'ReduceOnPlateau': dict(monitor='score', patience=1, factor=0.5, rule='greater'),
    'Step': dict(step_size=3, gamma=0.4, **COMMON),
}
CLASSES = [name for name in schedulers.__all__ if not name.startswith('_')]


def _scheduler(name):
    kind = next(k for k in ARGS if name in (f'{k}LR', f'{k}Momentum', f'{k}ParamScheduler'))
    weights = [torch.nn.Parameter(torch.ones(2)) for _ in range(2)]
    groups = [dict(params=weights[:1]), dict(params=weights[1:], lr=0.02, momentum=0.8)]
    optimizer = torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    args = dict(ARGS[kind])
    if name.endswith('ParamScheduler'):
        args['param_name'] = 'lr'
    if name.endswith('Momentum') and kind == 'CosineRestart':
        args.pop('eta_min')
        args['eta_min_ratio'] = 0.1
    return optimizer, getattr(schedulers, name)(optimizer, **args)


def _walk(optimizer, scheduler, start, stop):
    values = []
    for step in range(start, stop):
        optimizer.step()
        if hasattr(scheduler, 'monitor'):
            scheduler.step({'score': [1.0, 2.0, 2.0, 1.5, 1.8, 1.7][step % 6]})
        else:
            scheduler.step()
        values.append([(g['lr'], g['momentum']) for g in optimizer.param_groups])
    return values


def test_schedulers_are_all_here():
    covered = {k + e for k in ARGS for e in ('LR', 'Momentum', 'ParamScheduler')}
    assert set(CLASSES) <= covered
    assert len(CLASSES) >= 29


@pytest.mark.parametrize('at', [1, 5])
@pytest.mark.parametrize('name', CLASSES)
def test_every_scheduler_continues(name, at):
    optimizer, scheduler = _scheduler(name)
    _walk(optimizer, scheduler, 0, at)
    live = scheduler.state_dict()
    checkpoint = {
        'state_dict': {},
        'optimizer': copy.deepcopy(optimizer.state_dict()),
        'param_schedulers': [live],
    }
    hook, runner = PlainCheckpointHook(), SimpleNamespace()
    hook.before_save_checkpoint(runner, checkpoint)
    assert live == scheduler.state_dict()
    checkpoint = through_file(checkpoint)
    hook.after_load_checkpoint(runner, checkpoint)

    optimizer2, scheduler2 = _scheduler(name)
    optimizer2.load_state_dict(checkpoint['optimizer'])
    scheduler2.load_state_dict(checkpoint['param_schedulers'][0])
    assert scheduler2.state_dict().keys() == live.keys()
    assert all(
        scheduler2.state_dict()[k] == v for k, v in live.items() if k not in ('anneal_func',)
    )
    expected = _walk(optimizer, scheduler, at, 12)
    assert _walk(optimizer2, scheduler2, at, 12) == expected
    assert len({str(v) for v in expected}) > 1 or name.startswith('Constant')


# Whole runs


@HOOKS.register_module()
class WitnessHook(Hook):
    """Keeps what the log was when the checkpoint was written, and what became of it after."""

    priority = 'VERY_HIGH'

    def __init__(self):
        self.logs, self.hubs, self.loaded = [], [], None

    def before_save_checkpoint(self, runner, checkpoint):
        self.logs.append(copy.deepcopy(runner.message_hub.state_dict()))

    def before_train_epoch(self, runner):
        self.hubs.append(copy.deepcopy(runner.message_hub.state_dict()))


def _witness(runner):
    return next(h for h in runner.hooks if isinstance(h, WitnessHook))


def _watched(devkit, work_dir, loss='LL-Cp', epochs=3):
    cfg = tiny_config(devkit, work_dir, loss, epochs=epochs)
    set_hook(cfg, 'witness', type='WitnessHook')
    return cfg


def test_checkpoint_is_safe_and_whole(devkit, tmp_path):
    runner = train(_watched(devkit, tmp_path / 'run'))
    files = [*(tmp_path / 'run').glob('*.pth')]
    assert len(files) >= 2
    for path in files:
        saved = from_plain(load(path))
        hub = next(
            log
            for log in _witness(runner).logs
            if log['runtime_info'] == saved['message_hub']['runtime_info']
            or str(log['runtime_info']) == str(saved['message_hub']['runtime_info'])
        )
        assert_same(saved['message_hub']['log_scalars'], dict(hub['log_scalars']))
        assert_same(saved['message_hub']['resumed_keys'], dict(hub['resumed_keys']))
    best = next(path for path in files if path.name.startswith('best_'))
    info = from_plain(load(best))['message_hub']['runtime_info']
    assert info['best_score'] == max(scalars(runner, 'val/multi-label/mAP'))
    assert Path(info['best_ckpt']) == best


def test_saving_does_not_change_live_objects(devkit, tmp_path):
    runner = train(_watched(devkit, tmp_path / 'run'))
    hub = runner.message_hub
    assert all(isinstance(v, HistoryBuffer) for v in hub.log_scalars.values())
    assert isinstance(runner.param_schedulers[0].milestones, Counter)
    assert scalars(runner, 'train/loss')


def test_hook_changes_no_live_history():
    hub = MessageHub.get_instance('live')
    hub.update_scalar('train/loss', 0.5)
    hub.update_info('array', np.arange(3))
    before = hub.get_scalar('train/loss')
    checkpoint = {'message_hub': hub.state_dict(), 'state_dict': OrderedDict(a=torch.ones(1))}
    PlainCheckpointHook().before_save_checkpoint(None, checkpoint)
    assert hub.get_scalar('train/loss') is before
    assert isinstance(hub.get_info('array'), np.ndarray)
    assert isinstance(checkpoint['state_dict'], OrderedDict)


def test_resumed_log_and_best_score_are_those_saved(devkit, tmp_path):
    cfg = _watched(devkit, tmp_path / 'run', epochs=4)
    train_interrupted(cfg, epoch=2)
    saved = from_plain(load(tmp_path / 'run' / 'epoch_2.pth'))['message_hub']
    cfg.resume = True
    runner = train(cfg)
    first = _witness(runner).hubs[0]
    for name, buffer in saved['log_scalars'].items():
        assert_same(first['log_scalars'][name], buffer, name)
    assert first['runtime_info']['best_score'] == saved['runtime_info']['best_score']
    assert first['runtime_info']['best_ckpt'] == saved['runtime_info']['best_ckpt']
    assert len(scalars(runner, 'train/loss')) == 16


@pytest.mark.parametrize('how', ['resume', 'load_from', 'test'])
def test_safe_loading_is_enough(devkit, tmp_path, monkeypatch, how):
    train(_watched(devkit, tmp_path / 'first', 'LL-R', epochs=2))
    path = tmp_path / 'first' / 'epoch_2.pth'
    original, modes = torch.load, []

    def safe(*args, **kwargs):
        modes.append(kwargs.pop('weights_only', None))
        return original(*args, weights_only=True, **kwargs)

    monkeypatch.setattr(torch, 'load', safe)
    cfg = _watched(devkit, tmp_path / 'second', 'LL-R', epochs=3)
    cfg.load_from = str(path)
    cfg.resume = how == 'resume'
    if how == 'test':
        assert Runner.from_cfg(cfg).test()['multi-label/mAP'] > 0
    else:
        set_hook(cfg, 'spy', type='SpyHook')
        runner = train(cfg)
        assert {s['epoch'] for s in spy_of(runner).steps} == ({2} if how == 'resume' else {0, 1, 2})
    assert modes


def _without_hook(devkit, work_dir):
    cfg = _watched(devkit, work_dir, 'LL-R', epochs=1)
    set_hook(cfg, 'plain_checkpoint')
    train(cfg)
    cfg.load_from, cfg.resume = str(work_dir / 'epoch_1.pth'), True
    cfg.train_cfg.max_epochs = 2
    return cfg


def test_checkpoints_of_stock_mmengine_load_here_and_nowhere_else(devkit, tmp_path):
    """What the hook guards against does happen; should torch load the file, the hook can go."""
    cfg = _without_hook(devkit, tmp_path / 'run')
    with pytest.raises(pickle.UnpicklingError, match='Weights only load failed'):
        load(tmp_path / 'run' / 'epoch_1.pth')
    set_hook(cfg, 'plain_checkpoint', type='PlainCheckpointHook')
    runner = train(cfg)
    assert len(scalars(runner, 'train/loss')) == 8


@pytest.mark.parametrize('update_buffers', [False, True])
def test_ema_survives(devkit, tmp_path, update_buffers):
    found = []
    for name in ('whole', 'cut'):
        cfg = tiny_config(devkit, tmp_path / name, 'LL-Cp', epochs=3)
        cfg.model.backbone.norm_cfg = dict(type='BN')
        cfg.custom_hooks = [
            dict(type='EMAHook', momentum=0.1, update_buffers=update_buffers, priority='NORMAL')
        ]
        if name == 'cut':
            train_interrupted(cfg, epoch=2)
            cfg.resume = True
        runner = train(cfg)
        ema = next(h for h in runner.hooks if isinstance(h, EMAHook)).ema_model.state_dict()
        own = runner.model.state_dict()
        saved = load(tmp_path / name / 'epoch_3.pth')
        # The averaged weights are stored as the model's, for use; ours among them, as ever.
        assert_same(saved['state_dict'], {k[7:]: v for k, v in ema.items() if k != 'steps'})
        weight = 'backbone.layer2.0.conv1.weight'
        assert not torch.equal(saved['state_dict'][weight], own[weight].cpu())
        found.append([ema, own, loss_of(runner).corrections.table(), scalars(runner, 'train/loss')])
    assert_same([dict(v) if isinstance(v, dict) else v for v in found[1]], found[0])


@pytest.mark.parametrize(
    'scheduler',
    [
        dict(type='OneCycleLR', eta_max=0.2, total_steps=16, by_epoch=False),
        [
            dict(type='LinearLR', start_factor=0.1, by_epoch=False, begin=0, end=10),
            dict(
                type='CosineRestartLR',
                periods=[2, 2],
                restart_weights=[1, 0.5],
                by_epoch=True,
                eta_min=0.01,
            ),
            dict(type='PolyMomentum', power=2, eta_min=0.5),
        ],
    ],
    ids=['one cycle', 'chain'],
)
def test_schedules_survive_a_resume(devkit, tmp_path, scheduler):
    rates = []
    for name in ('whole', 'cut'):
        cfg = tiny_config(devkit, tmp_path / name, 'LL-R', epochs=4)
        cfg.param_scheduler = scheduler
        if name == 'cut':
            train_interrupted(cfg, epoch=2)
            cfg.resume = True
        runner = train(cfg)
        rates.append((scalars(runner, 'train/lr'), runner.optim_wrapper.get_momentum()))
    assert rates[0] == rates[1]
    assert len(set(rates[0][0])) > 3
