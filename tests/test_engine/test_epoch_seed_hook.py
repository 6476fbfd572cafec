from __future__ import annotations

import multiprocessing
import random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from helpers import (
    LOSSES,
    Interrupted,
    assert_same,
    load,
    loss_of,
    scalars,
    set_hook,
    spy_of,
    tiny_config,
    train,
    train_interrupted,
    without_validation,
)
from mmengine.hooks import Hook
from mmengine.runner import Runner
from mmpretrain.registry import DATA_SAMPLERS, HOOKS
from torch.utils.data import DataLoader, RandomSampler

from wsml_mm.engine import EpochSeedHook
from wsml_mm.engine.hooks import epoch_seed_hook
from wsml_mm.engine.hooks.seeds import seed_everything


def _config(devkit, work_dir, loss='LL-R', workers=0, persistent=False, epochs=4):
    cfg = tiny_config(devkit, work_dir, loss, workers=workers, epochs=epochs)
    cfg.train_dataloader.persistent_workers = persistent
    # Adam's moments and a schedule that depends on the whole course.
    cfg.optim_wrapper.optimizer = dict(type='Adam', lr=0.01)
    cfg.param_scheduler = dict(type='CosineAnnealingLR', T_max=4)
    cfg.default_hooks.logger.interval = 1
    # Dropout draws from the process's generator, the flips from that of the workers.
    cfg.model.neck = [cfg.model.neck, dict(type='DropoutNeck')]
    set_hook(cfg, 'spy', type='SpyHook')
    return cfg


def _state(runner, work_dir, epoch):
    saved = load(work_dir / f'epoch_{epoch}.pth')
    logged = saved['message_hub']['log_scalars']
    for key in [key for key in logged if 'time' in key]:
        logged.pop(key)
    assert {'train/loss', 'train/lr', 'val/multi-label/mAP'} <= logged.keys()
    store = getattr(loss_of(runner), 'corrections', None)
    return {
        'weights': {k: v.clone() for k, v in runner.model.state_dict().items()},
        'saved': saved['state_dict'],
        'optimizer': saved['optimizer'],
        'schedule': saved['param_schedulers'],
        'corrections': saved.get('wsml_mm'),
        'table': None if store is None else store.table(),
        'logged': logged,
        'mAP': scalars(runner, 'val/multi-label/mAP'),
        'best': saved['message_hub']['runtime_info']['best_score'],
    }


@pytest.mark.parametrize(
    ('workers', 'persistent'), [(0, False), (2, False), (2, True)], ids=['0', '2', '2-persistent']
)
@pytest.mark.parametrize('loss', LOSSES)
def test_resumed_run_equals_the_uninterrupted(devkit, tmp_path, loss, workers, persistent):
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    runner = train(_config(devkit, whole, loss, workers, persistent))
    expected = _state(runner, whole, 4)
    steps = [s for s in spy_of(runner).steps if s['epoch'] >= 2]
    cfg = _config(devkit, cut, loss, workers, persistent)
    train_interrupted(cfg, epoch=2, batch=2)
    cfg.resume = True
    runner = train(cfg)
    assert spy_of(runner).steps == steps
    assert_same(_state(runner, cut, 4), expected)
    if loss == 'LL-Cp':
        assert len(expected['table']['sample']) == 24


@pytest.mark.parametrize(
    ('workers', 'persistent'), [(0, False), (2, False), (2, True)], ids=['0', '2', '2-persistent']
)
def test_each_epoch_augments_anew(devkit, tmp_path, workers, persistent):
    cfg = without_validation(_config(devkit, tmp_path / 'run', 'AN', workers, persistent))
    cfg.train_dataloader.sampler.shuffle = False  # or the order alone would make a difference
    seen = {}
    for step in spy_of(train(cfg)).steps:
        for path, content in zip(step['paths'], step['inputs'], strict=True):
            seen.setdefault(path, []).append(content)
    assert all(len(views) == 4 for views in seen.values())
    assert all(len(set(views)) <= 2 for views in seen.values())  # as it is, and flipped
    epochs = list(zip(*seen.values(), strict=True))
    assert len(set(epochs)) == 4


@HOOKS.register_module()
class WorkersHook(Hook):
    """Notes the processes of persistent workers, step by step."""

    def __init__(self):
        self.found = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        workers = getattr(runner.train_dataloader._iterator, '_workers', [])
        self.found.append([worker.pid for worker in workers])


def test_persistent_workers_live_on_and_draw_what_new_ones_do(devkit, tmp_path):
    found = {}
    for persistent in (True, False):
        cfg = without_validation(_config(devkit, tmp_path / str(persistent), 'AN', 2, persistent))
        set_hook(cfg, 'workers', type='WorkersHook')
        runner = train(cfg)
        processes = next(h for h in runner.hooks if isinstance(h, WorkersHook)).found
        assert len({tuple(pids) for pids in processes}) == 1
        assert len(processes[0]) == 2 * persistent  # no one else can know of the others
        found[persistent] = spy_of(runner).steps, runner.model.state_dict()
    assert_same(found[True][1], found[False][1])  # dropout's draws of the process included
    assert found[True][0] == found[False][0]


def test_no_worker_outlives_its_run(devkit, tmp_path):
    cfg = _config(devkit, tmp_path / 'run', 'AN', 2, True, epochs=1)
    for loader in (cfg.val_dataloader, cfg.test_dataloader):
        loader.update(num_workers=2, persistent_workers=True)
    runner = Runner.from_cfg(cfg)
    before = {process.pid for process in multiprocessing.active_children()}
    for run in (runner.train, runner.val, runner.test):
        run()
        assert {process.pid for process in multiprocessing.active_children()} <= before


def test_persistent_workers_of_an_epoch_left_half_way_start_anew(devkit, tmp_path):
    """What they still have to deliver would be drawn in the next epoch."""
    cfg = without_validation(_config(devkit, tmp_path / 'run', 'AN', 2, True))
    runner = train(cfg)
    hook, loader = EpochSeedHook(), runner.train_dataloader
    seen = []
    for _ in range(2):
        hook.before_train_epoch(runner)
        next(iter(loader))
        seen.append({worker.pid for worker in loader._iterator._workers})
    loader._iterator = None
    assert not seen[0] & seen[1]


def test_workers_augment_differently(devkit, tmp_path):
    cfg = without_validation(_config(devkit, tmp_path / 'run', 'AN', 2, epochs=1))
    # Four batches; a worker of its own for each of two: with one seed, they flip alike.
    cfg.train_dataloader.sampler.shuffle = False
    cfg.train_dataloader.dataset.indices = [0, 1, 2, 3, 4, 5] * 4
    contents = [tuple(s['inputs']) for s in spy_of(train(cfg)).steps]
    assert len(set(contents)) == 4


def test_other_seeds_give_other_runs(devkit, tmp_path):
    found = []
    for seed in (0, 1):
        cfg = without_validation(_config(devkit, tmp_path / str(seed), 'AN', epochs=1))
        cfg.randomness.seed = seed
        found.append([s['inputs'] for s in spy_of(train(cfg)).steps])
    assert found[0] != found[1]


@pytest.mark.parametrize('seed', [None, 3])
def test_resume_takes_over_the_seed_of_the_run(devkit, tmp_path, seed):
    """A seed the config left to chance, or has changed since, is that of the checkpoint."""
    cfg = without_validation(_config(devkit, tmp_path / 'cut'))
    cfg.randomness.seed = seed
    train_interrupted(cfg, epoch=2)
    drawn = load(tmp_path / 'cut' / 'epoch_2.pth')['meta']['seed']
    cfg.resume, cfg.randomness.seed = True, None if seed is None else seed + 1
    resumed = spy_of(train(cfg)).steps
    cfg = without_validation(_config(devkit, tmp_path / 'whole'))
    cfg.randomness.seed = drawn
    assert [s for s in spy_of(train(cfg)).steps if s['epoch'] >= 2] == resumed


def test_without_the_hook_a_resumed_run_differs(devkit, tmp_path):
    """What the matrix above guards against can happen."""
    found = []
    for name in ('whole', 'cut'):
        cfg = without_validation(_config(devkit, tmp_path / name, 'AN'))
        set_hook(cfg, 'epoch_seed')
        if name == 'cut':
            train_interrupted(cfg, epoch=2)
            cfg.resume = True
        found.append([s for s in spy_of(train(cfg)).steps if s['epoch'] >= 2])
    assert [s['paths'] for s in found[0]] == [s['paths'] for s in found[1]]
    assert [s['inputs'] for s in found[0]] != [s['inputs'] for s in found[1]]


def _draw():
    return random.random(), float(np.random.rand()), float(torch.rand(1, dtype=torch.float64))


def test_all_generators_depend_on_every_part_of_the_key():
    draws = []
    for key in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (0, 0, 0, 1), (2**40, 3, 1)):
        seed_everything(*key)
        draws.append(_draw())
        seed_everything(*key)
        assert _draw() == draws[-1]
    for generator in zip(*draws, strict=True):
        assert len(set(generator)) == len(draws)


@pytest.mark.skipif(not hasattr(torch, 'accelerator'), reason='a torch before 2.6')
@pytest.mark.parametrize('found', [True, False])
def test_torch_is_seeded_as_by_itself_and_devices_where_there_are_some(monkeypatch, found):
    seeds, all_devices = [], torch.manual_seed
    monkeypatch.setattr(torch.accelerator, 'is_available', lambda: found)
    monkeypatch.setattr(torch, 'manual_seed', lambda s: seeds.append(s) or all_devices(s))
    seed_everything(3, 1)
    drawn = torch.rand(3)
    word = int(np.random.SeedSequence((3, 1)).generate_state(3)[2])
    assert seeds == [word] * found
    all_devices(word)
    assert torch.equal(torch.rand(3), drawn)


def test_ranks_augment_differently(monkeypatch):
    loader = SimpleNamespace()
    runner = SimpleNamespace(seed=0, epoch=3, train_dataloader=loader)
    found = []
    for rank in (0, 1):
        monkeypatch.setattr(epoch_seed_hook, 'get_rank', lambda rank=rank: rank)
        EpochSeedHook().before_train_epoch(runner)
        found.append(_draw())
        loader.worker_init_fn(0)
        found.append(_draw())
        loader.worker_init_fn(1)
        found.append(_draw())
    assert len(set(found)) == 6


def _by_iteration(devkit, work_dir, workers):
    cfg = _config(devkit, work_dir, 'LL-Cp', workers, persistent=workers > 0)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=10, val_interval=4)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = dict(type='CosineAnnealingLR', T_max=10, by_epoch=False)
    cfg.default_hooks.partial_label.epoch_length = 4
    cfg.default_hooks.checkpoint.update(interval=4, by_epoch=False)
    return cfg


@pytest.mark.parametrize('workers', [0, 2])
def test_a_resumed_iteration_based_run_equals_the_uninterrupted(devkit, tmp_path, workers):
    whole, cut = tmp_path / 'whole', tmp_path / 'cut'
    runner = train(_by_iteration(devkit, whole, workers))
    steps = spy_of(runner).steps
    cfg = _by_iteration(devkit, cut, workers)
    train_interrupted(cfg, epoch=0, batch=6)
    cfg.resume = True
    resumed = train(cfg)
    assert spy_of(resumed).steps == steps[4:]
    assert len({step['loss'] for step in steps}) == 10
    assert_same(resumed.model.state_dict(), runner.model.state_dict())
    assert_same(loss_of(resumed).corrections.table(), loss_of(runner).corrections.table())
    # The validation of the iteration that was saved is in its checkpoint.
    validated = [scalars(r, 'val/multi-label/mAP') for r in (resumed, runner)]
    assert validated[0] == validated[1]
    assert len(validated[0]) == 3
    saved = [load(folder / 'iter_10.pth') for folder in (cut, whole)]
    assert_same(saved[0]['optimizer'], saved[1]['optimizer'])
    best = [s['message_hub']['runtime_info']['best_score'] for s in saved]
    assert best[0] == best[1]


@DATA_SAMPLERS.register_module()
class DrawsFromTorch(RandomSampler):
    """As DataLoader(shuffle=True) has it: its order is drawn from the process's generator."""

    def __init__(self, dataset, seed):
        super().__init__(dataset)


@HOOKS.register_module()
class ReadsTheLoaderHook(Hook):
    """Looks at the data before the training."""

    def before_train(self, runner):
        self.batches = len(list(runner.train_dataloader))


@HOOKS.register_module()
class FailsOnceHook(Hook):
    """The disk is full at the end of the second epoch."""

    failed = False

    def after_train_epoch(self, runner):
        if runner.epoch == 1 and not self.failed:
            self.failed = True
            raise Interrupted


def _with_sampler(cfg):
    cfg.train_dataloader.sampler = dict(type='DrawsFromTorch')


def _with_reader(cfg):
    set_hook(cfg, 'reader', type='ReadsTheLoaderHook')


@pytest.mark.parametrize('change', [_with_sampler, _with_reader])
def test_persistent_workers_change_no_draw_and_no_resume(devkit, tmp_path, change):
    found = {}
    for name in ('persistent', 'new', 'cut'):
        cfg = _config(devkit, tmp_path / name, 'AN', 2, name != 'new')
        change(without_validation(cfg))
        if name == 'cut':
            train_interrupted(cfg, epoch=2)
            cfg.resume = True
        runner = train(cfg)
        found[name] = spy_of(runner).steps, dict(runner.model.state_dict())
    if change is _with_sampler:  # a reader draws as well, before the first epoch
        assert found['persistent'][0] == found['new'][0]
    assert [s for s in found['persistent'][0] if s['epoch'] >= 2] == found['cut'][0]
    assert_same(found['persistent'][1], found['cut'][1])


def test_an_epoch_that_starts_again_is_seeded_again(devkit, tmp_path):
    steps = []
    for persistent in (True, False):
        cfg = without_validation(_config(devkit, tmp_path / str(persistent), 'AN', 2, persistent))
        set_hook(cfg, 'fails', type='FailsOnceHook')
        runner = Runner.from_cfg(cfg)
        with pytest.raises(Interrupted):
            runner.train()
        runner.train()
        steps.append([(s['epoch'], s['inputs']) for s in spy_of(runner).steps])
    assert steps[0] == steps[1]


class Rows(list):
    __slots__ = ()


@pytest.mark.parametrize(
    ('dataset', 'options'),
    [
        ([1, 2, 3], {'batch_size': 2}),
        (Rows([1, 2, 3]), {'batch_size': 2}),
        ([1], {'batch_size': None}),
    ],
)
def test_workers_that_cannot_learn_of_a_batch_start_anew(dataset, options):
    loader = DataLoader(dataset, num_workers=1, persistent_workers=True, **options)
    runner = SimpleNamespace(seed=0, epoch=0, train_dataloader=loader)
    hook, workers = EpochSeedHook(), []
    for runner.epoch in range(2):
        hook.before_train_epoch(runner)
        assert len(list(loader)) in (1, 2)
        workers.append(loader._iterator._workers[0].pid)
    loader._iterator = None
    assert workers[0] != workers[1]


def test_workers_that_another_hook_starts_anew_change_nothing(devkit, tmp_path):
    """SwitchRecipeHook does so; a run resumed at its epoch starts them once."""
    found = []
    for name in ('as ever', 'anew'):
        cfg = without_validation(_config(devkit, tmp_path / name, 'AN', 2, True, epochs=3))
        if name == 'anew':
            set_hook(cfg, 'restart', type='RestartHook')
        runner = train(cfg)
        found.append((spy_of(runner).steps, dict(runner.model.state_dict())))
    assert found[0][0] == found[1][0]
    assert_same(found[0][1], found[1][1])


@HOOKS.register_module()
class RestartHook(Hook):
    """Lets the workers of each epoch start anew."""

    def before_train_epoch(self, runner):
        runner.train_dataloader._iterator = None
