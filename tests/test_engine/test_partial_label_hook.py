from __future__ import annotations

import json
import math
import warnings

import numpy as np
import pytest
import torch
from helpers import (
    ACTIONS,
    CLASSES,
    Interrupted,
    correction_rows,
    corrections_in,
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
    write_devkit,
)
from mmengine.hooks import Hook
from mmengine.registry import DefaultScope
from mmengine.runner import Runner
from mmpretrain.models.heads import MultiLabelLinearClsHead
from mmpretrain.registry import DATASETS, HOOKS, MODELS

from wsml_mm.datasets.nesting import wrapped_datasets
from wsml_mm.engine import PartialLabelHook

LARGE = ('LL-R', 'LL-Ct', 'LL-Cp')


@pytest.fixture
def watched(devkit, tmp_path):
    def run(loss, name='run', **kwargs):
        cfg = tiny_config(devkit, tmp_path / name, loss, **kwargs)
        set_hook(cfg, 'spy', type='SpyHook')
        return train(cfg)

    return run


@HOOKS.register_module()
class PoisonHook(Hook):
    """Puts a value into one image, or into the bias of one class, before one step."""

    def __init__(self, iteration, value, row=None, label=None):
        self.iteration, self.value, self.row, self.label = iteration, value, row, label

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter != self.iteration:
            return
        if self.row is not None:
            inputs = [x.float() for x in data_batch['inputs']]
            inputs[self.row].fill_(self.value)
            data_batch['inputs'] = torch.stack(inputs)
            self.path = data_batch['data_samples'][self.row].img_path
        if self.label is not None:
            runner.model.head.fc.bias.data[self.label] = self.value
            self.path = data_batch['data_samples'][0].img_path


# The schedule


@pytest.mark.parametrize('loss', LARGE)
def test_selects_by_the_epoch_of_the_runner(watched, loss):
    # 5 % of 6 images x 5 classes is 1.5, taken up; four steps an epoch.
    runner = watched(loss, epochs=4)
    grown = [0, 2, 3, 5] if loss != 'LL-Cp' else [0, 2, 2, 2]
    found = [len(spy_of(runner).selected(epoch)) for epoch in range(4)]
    assert found == [4 * n for n in grown]
    assert scalars(runner, f'{ACTIONS[loss]}/count') == found


def test_schedule_continues_on_resume(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-R', epochs=4)
    set_hook(cfg, 'spy', type='SpyHook')
    train_interrupted(cfg, epoch=2)
    cfg.resume = True
    runner = train(cfg)
    assert [s['epoch'] for s in spy_of(runner).steps] == [2] * 4 + [3] * 4
    assert len(spy_of(runner).selected(2)) == 12
    assert len(spy_of(runner).selected(3)) == 20
    assert scalars(runner, 'label/ignored/count') == [0, 8, 12, 20]


def test_an_needs_no_epoch_and_logs_nothing(watched):
    runner = watched('AN', epochs=1)
    assert not [key for key in runner.message_hub.log_scalars if key.startswith('label/')]


@pytest.mark.parametrize('loss', LARGE)
def test_missing_hook_is_named(devkit, tmp_path, loss):
    cfg = tiny_config(devkit, tmp_path / 'run', loss)
    set_hook(cfg, 'partial_label')
    with pytest.raises(RuntimeError, match='PartialLabelHook'):
        train(cfg)


@pytest.mark.parametrize('loss', LARGE)
def test_iteration_loop_is_refused(devkit, tmp_path, loss):
    cfg = tiny_config(devkit, tmp_path / 'run', loss)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=3)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    with pytest.raises(TypeError, match=r'IterBasedTrainLoop.*by_epoch=True'):
        train(cfg)


def _by_iteration(devkit, work_dir, loss, iterations=12, **checkpoint):
    cfg = tiny_config(devkit, work_dir, loss)
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=iterations, val_interval=4)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint = dict(
        type='CheckpointHook', by_epoch=False, **{'interval': 4, **checkpoint}
    )
    cfg.default_hooks.partial_label.epoch_length = 4
    set_hook(cfg, 'spy', type='SpyHook')
    return cfg


@pytest.mark.parametrize('loss', LARGE)
def test_iteration_loop_with_an_epoch_length(devkit, tmp_path, loss):
    runner = train(_by_iteration(devkit, tmp_path / 'run', loss, iterations=14))
    found = [np.sum(step['selected']) for step in spy_of(runner).steps]
    last = [5, 5] if loss != 'LL-Cp' else [2, 2]
    assert found == [0] * 4 + [2] * 4 + [3 if loss != 'LL-Cp' else 2] * 4 + last
    assert scalars(runner, f'{ACTIONS[loss]}/count') == [
        np.sum(found[i : i + 4]) for i in (0, 4, 8, 12)
    ]
    if loss == 'LL-Cp':
        for done, path in ((4, 'iter_4.pth'), (8, 'iter_8.pth'), (12, 'iter_12.pth')):
            state = corrections_in(load(tmp_path / 'run' / path))
            assert len(state['keys']) == sum(found[:done])


def test_iteration_loop_resumes(devkit, tmp_path):
    train(_by_iteration(devkit, tmp_path / 'run', 'LL-Cp', iterations=8))
    cfg = _by_iteration(devkit, tmp_path / 'run', 'LL-Cp', iterations=12)
    cfg.resume = True
    runner = train(cfg)
    steps = spy_of(runner).steps
    assert [int(np.sum(step['selected'])) for step in steps] == [2] * 4
    assert len(loss_of(runner).corrections) == 16


def test_checkpoints_within_an_iteration_epoch_are_refused(devkit, tmp_path):
    with pytest.raises(ValueError, match='multiple of epoch_length'):
        train(_by_iteration(devkit, tmp_path / 'run', 'LL-Cp', interval=6))
    train(_by_iteration(devkit, tmp_path / 'run', 'LL-R', interval=6))


def test_epoch_length_is_for_the_iteration_loop(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-R')
    cfg.default_hooks.partial_label.epoch_length = 4
    with pytest.raises(TypeError, match='epoch_length'):
        train(cfg)
    with pytest.raises(ValueError, match='epoch_length=0'):
        PartialLabelHook(epoch_length=0)


def test_iteration_loop_is_fine_for_an(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'AN')
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=6, val_interval=3)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.param_scheduler = None
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=3)
    runner = train(cfg)
    assert runner.iter == 6


@pytest.mark.parametrize('augment', ['Mixup', 'CutMix'])
@pytest.mark.parametrize('loss', ['AN', 'LL-R', 'LL-Cp'])
def test_batch_augments_are_refused(devkit, tmp_path, loss, augment):
    cfg = tiny_config(devkit, tmp_path / 'run', loss)
    cfg.model.train_cfg = dict(augments=[dict(type=augment, alpha=1.0)])
    with pytest.raises(ValueError, match='batch_augments'):
        train(cfg)


def test_a_model_without_our_losses_trains_as_ever(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', dict(type='CrossEntropyLoss', use_sigmoid=True))
    cfg.train_dataloader.dataset.observe = None
    cfg.train_cfg = dict(type='IterBasedTrainLoop', max_iters=4, val_interval=4)
    cfg.train_dataloader.sampler.type = 'InfiniteSampler'
    cfg.model.head.type = 'MultiLabelLinearClsHead'
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=4)
    runner = train(cfg)
    assert 'wsml_mm' not in load(tmp_path / 'run' / 'iter_4.pth')
    assert runner.iter == 4


# The log


@pytest.mark.parametrize('loss', LARGE)
def test_log_equals_what_was_selected(devkit, watched, loss):
    runner = watched(loss, epochs=4)
    truth, steps = read_devkit(devkit), spy_of(runner).steps
    for epoch in (1, 2, 3):
        chosen = spy_of(runner).selected(epoch)
        unobserved = sum(np.sum(s['unobserved']) for s in steps if s['epoch'] == epoch)
        share = scalars(runner, f'{ACTIONS[loss]}/share')[epoch]
        assert share == pytest.approx(len(chosen) / unobserved, abs=1e-12)
        right = [bool(truth[name][label]) for name, label in chosen]
        # Nothing is selected in epoch 0, so precision is first logged in epoch 1.
        assert scalars(runner, f'{ACTIONS[loss]}/precision')[epoch - 1] == pytest.approx(
            np.mean(right)
        )
        hidden = sum(
            truth[path.rsplit('/', 1)[-1]][label]
            for s in steps
            if s['epoch'] == epoch
            for path, row in zip(s['paths'], s['unobserved'], strict=True)
            for label in np.flatnonzero(row)
        )
        assert scalars(runner, f'{ACTIONS[loss]}/recall')[epoch] == pytest.approx(
            np.sum(right) / hidden
        )


def test_precision_needs_diagnosis_labels(devkit, watched):
    plain = dataset_config(devkit, observe=dict(type='SinglePositive', seed=1200))
    runner = watched('LL-R', dataset=plain)
    logged = runner.message_hub.log_scalars
    assert {'label/ignored/count', 'label/ignored/share'} <= logged.keys()
    assert not {'label/ignored/precision', 'label/ignored/recall'} & logged.keys()


@pytest.mark.parametrize('loss', LARGE)
def test_no_log_name_of_ours_contains_loss(watched, loss):
    logged = set(watched(loss).message_hub.log_scalars)
    assert {name for name in logged if 'loss' in name} == {'train/loss'}


def test_log_reaches_the_text_log_and_the_visualizer(watched, tmp_path):
    runner = watched('LL-Cp')
    text = log_text(tmp_path / 'run')
    assert 'Epoch(train) [2] LargeLossCorrectPerm: label/positive/count: 8' in text
    file = next((tmp_path / 'run').glob('*/vis_data/scalars.json'))
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    drawn = {row['step']: row for row in rows if 'label/positive/count' in row}
    assert {step: row['label/positive/count'] for step, row in drawn.items()} == {1: 0, 2: 8, 3: 8}
    assert drawn[3]['state/corrections/count'] == len(loss_of(runner).corrections)
    assert 'fig_save' not in vars(runner.visualizer)  # no picture: no figure, nor matplotlib


def test_logged_loss_is_the_loss_alone(watched):
    runner = watched('LL-R')
    assert scalars(runner, 'train/loss') == [s['loss'] for s in spy_of(runner).steps]


def test_corrected_share_and_its_warning(watched, tmp_path):
    runner = watched('LL-Cp', epochs=4)
    count, unobserved = len(loss_of(runner).corrections), 24 * 4
    assert scalars(runner, 'state/corrections/count')[-1] == count
    assert scalars(runner, 'state/corrections/share')[-1] == pytest.approx(count / unobserved)
    assert count / unobserved > 0.1
    warned = [line for line in log_text(tmp_path / 'run').splitlines() if 'unobserved' in line]
    warned = [line for line in warned if 'WARNING' in line]
    assert len(warned) == 1  # in one epoch only
    assert 'max_fraction' in warned[0]


def test_no_warning_below_a_tenth(watched, tmp_path):
    loss = dict(type='LargeLossCorrectPerm', delta_rel=5, max_fraction=0.1)
    runner = watched(loss, epochs=4)
    assert len(loss_of(runner).corrections) == 9  # floor of a tenth of 24 x 4
    assert 'of the unobserved labels' not in log_text(tmp_path / 'run')


def test_warn_share_is_an_option(devkit, tmp_path):
    loss = dict(type='LargeLossCorrectPerm', delta_rel=5, warn_share=0.01)
    cfg = tiny_config(devkit, tmp_path / 'run', loss, epochs=2)
    train(cfg)
    assert 'of the unobserved labels' in log_text(tmp_path / 'run')


# What is not finite


@pytest.mark.parametrize('loss', ['AN', *LARGE])
def test_bad_image_is_named(devkit, tmp_path, loss):
    cfg = without_validation(tiny_config(devkit, tmp_path / 'run', loss, epochs=2))
    set_hook(cfg, 'poison', type='PoisonHook', iteration=4, value=math.nan, row=3)
    runner = train(cfg)
    path = next(h.path for h in runner.hooks if isinstance(h, PoisonHook))
    errors = [x for x in log_text(tmp_path / 'run').splitlines() if 'not finite' in x]
    assert path in errors[0]
    assert f'class {CLASSES[0]}' in errors[0]
    assert 'iteration 5: 5 logits' in errors[0]


@pytest.mark.parametrize('value', [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize('loss', ['LL-R', 'LL-Ct'])
def test_bad_class_is_named(devkit, tmp_path, loss, value):
    cfg = without_validation(tiny_config(devkit, tmp_path / 'run', loss, epochs=2))
    set_hook(cfg, 'poison', type='PoisonHook', iteration=7, value=value, label=2)
    runner = train(cfg)
    path = next(h.path for h in runner.hooks if isinstance(h, PoisonHook))
    errors = [x for x in log_text(tmp_path / 'run').splitlines() if 'not finite' in x]
    assert len(errors) == 1  # the last step of the training
    assert path in errors[0]
    assert f'class {CLASSES[2]}' in errors[0]
    assert 'iteration 8: 6 logits' in errors[0]


def test_reports_do_not_flood_the_log(devkit, tmp_path):
    cfg = without_validation(tiny_config(devkit, tmp_path / 'run', 'AN', epochs=3))
    set_hook(cfg, 'poison', type='PoisonHook', iteration=0, value=math.nan, label=0)
    train(cfg)
    assert log_text(tmp_path / 'run').count('not finite') == 5


def test_the_check_itself_warns_of_nothing():
    hook, outputs = PartialLabelHook(), {'loss': torch.ones(1, requires_grad=True).sum()}
    torch.set_warn_always(True)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        try:
            hook.after_train_iter(None, 0, None, outputs)
        finally:
            torch.set_warn_always(False)


def test_finite_training_reports_nothing(watched, tmp_path):
    watched('LL-Ct')
    assert 'not finite' not in log_text(tmp_path / 'run')


# The life of corrections


def test_corrections_are_what_was_selected(devkit, watched):
    runner = watched('LL-Cp', epochs=4)
    names = list(read_devkit(devkit))
    found = {(names[s], label, epoch) for s, label, epoch in correction_rows(loss_of(runner))}
    expected = {
        (name, label, epoch) for epoch in range(4) for name, label in spy_of(runner).selected(epoch)
    }
    assert found == expected
    assert len(found) == 24  # never the same label twice


def test_corrections_are_saved_beside_the_weights(watched, tmp_path):
    runner = watched('LL-Cp')
    saved = load(tmp_path / 'run' / 'epoch_3.pth')
    assert not [key for key in saved['state_dict'] if 'correction' in key or '_rate' in key]
    assert saved['wsml_mm']['format'] == 2
    assert len(saved['wsml_mm']['losses']) == 1
    state = corrections_in(saved)
    assert state['num_samples'] == 24
    assert state['num_classes'] == 5
    assert len(state['keys']) == len(loss_of(runner).corrections) == 16


def test_checkpoint_holds_the_merged_state_of_its_epoch(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=4)
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', interval=1)
    set_hook(cfg, 'spy', type='SpyHook')
    runner = train(cfg)
    for epoch in range(1, 5):
        saved = corrections_in(load(tmp_path / 'run' / f'epoch_{epoch}.pth'))
        until = [pair for e in range(epoch) for pair in spy_of(runner).selected(e)]
        assert len(saved['keys']) == len(until)


def test_checkpoint_within_an_epoch_leaves_its_corrections_out(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=3)
    cfg.default_hooks.checkpoint = dict(type='CheckpointHook', by_epoch=False, interval=1)
    train(cfg)
    sizes = [
        len(corrections_in(load(tmp_path / 'run' / f'iter_{i}.pth'))['keys']) for i in range(1, 13)
    ]
    assert sizes == [0] * 8 + [8] * 4


def test_resume_keeps_corrections(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=4)
    set_hook(cfg, 'spy', type='SpyHook')
    train_interrupted(cfg, epoch=3, batch=2)
    before = corrections_in(load(tmp_path / 'run' / 'epoch_3.pth'))['keys']
    cfg.resume = True
    runner = train(cfg)
    after = loss_of(runner).corrections.state_dict()['keys']
    assert set(before.tolist()) < set(after.tolist())
    assert len(after) == len(before) + len(spy_of(runner).selected()) == 24


def test_a_corrected_label_counts_as_positive_from_the_next_epoch(watched):
    spy = spy_of(watched('LL-Cp', epochs=4))
    for epoch in (2, 3):
        held = {pair for e in range(epoch) for pair in spy.selected(e)}
        free = {
            (path.rsplit('/', 1)[-1], label)
            for step in spy.steps
            if step['epoch'] == epoch
            for path, row in zip(step['paths'], step['unobserved'], strict=True)
            for label in np.flatnonzero(row).tolist()
        }
        assert not held & free
        assert len(held) + len(free) == 24 * 4


def test_load_from_starts_without_corrections(devkit, tmp_path):
    first = train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp'))
    cfg = tiny_config(devkit, tmp_path / 'second', 'LL-Cp', epochs=1)
    cfg.load_from = str(tmp_path / 'first' / 'epoch_3.pth')
    second = train(cfg)
    assert len(loss_of(first).corrections) == 16
    assert len(loss_of(second).corrections) == 0


def test_load_from_of_other_data_is_allowed(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp', epochs=2))
    other = write_devkit(tmp_path / 'kit', train=12, seed=5)
    cfg = tiny_config(other, tmp_path / 'second', 'LL-Cp', epochs=2)
    cfg.load_from = str(tmp_path / 'first' / 'epoch_2.pth')
    assert loss_of(train(cfg)).corrections.num_samples == 12


def test_test_leaves_corrections_alone(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp', epochs=2))
    cfg = tiny_config(devkit, tmp_path / 'test', 'LL-Cp')
    cfg.load_from = str(tmp_path / 'first' / 'epoch_2.pth')
    cfg.train_dataloader = cfg.train_cfg = cfg.optim_wrapper = cfg.param_scheduler = None
    runner = Runner.from_cfg(cfg)
    metrics = runner.test()
    assert loss_of(runner).corrections is None
    assert metrics['multi-label/mAP'] > 0


def test_corrections_from_carries_them_over(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp'))
    path = tmp_path / 'first' / 'epoch_3.pth'
    cfg = tiny_config(devkit, tmp_path / 'second', 'LL-Cp', epochs=1)
    cfg.default_hooks.partial_label.state_from = str(path)
    carried = loss_of(train(cfg)).corrections.state_dict()
    assert torch.equal(carried['keys'], corrections_in(load(path))['keys'])
    assert len(carried['keys']) == 16


def test_corrections_from_a_checkpoint_without_any_says_so(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-R', epochs=1))
    cfg = tiny_config(devkit, tmp_path / 'second', 'LL-Cp', epochs=1)
    cfg.default_hooks.partial_label.state_from = str(tmp_path / 'first' / 'epoch_1.pth')
    with pytest.raises(ValueError, match=r'epoch_1\.pth.*no label corrections'):
        train(cfg)


def test_resume_prefers_its_own_corrections(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp', epochs=2))
    cfg = tiny_config(devkit, tmp_path / 'second', 'LL-Cp', epochs=3)
    cfg.default_hooks.partial_label.state_from = str(tmp_path / 'first' / 'epoch_2.pth')
    train_interrupted(cfg, epoch=2)
    own = corrections_in(load(tmp_path / 'second' / 'epoch_2.pth'))['keys']
    cfg.resume = True
    cfg.train_cfg.max_epochs = 3
    set_hook(cfg, 'spy', type='SpyHook')
    runner = train(cfg)
    assert len(own) == 16
    assert len(loss_of(runner).corrections) == 16 + len(spy_of(runner).selected())


# Checkpoints of other data


def _swap_labels(kit):
    a, b = (kit / 'ImageSets' / 'Main' / f'{c}_train.txt' for c in CLASSES[:2])
    one, two = a.read_text(), b.read_text()
    a.write_text(two)
    b.write_text(one)


def _rename(kit):
    for file in (kit / 'ImageSets' / 'Main').glob('*_train.txt'):
        file.write_text(file.read_text().replace('train_003', 'train_0030'))
    (kit / 'JPEGImages' / 'train_003.jpg').rename(kit / 'JPEGImages' / 'train_0030.jpg')


def _shorten(kit):
    for file in (kit / 'ImageSets' / 'Main').glob('*_train.txt'):
        file.write_text(''.join(file.read_text().splitlines(keepends=True)[:-1]))


@pytest.mark.parametrize('change', [_swap_labels, _rename, _shorten, 'mask'])
def test_resume_with_other_data_is_refused(tmp_path, change):
    kit = write_devkit(tmp_path / 'kit')
    cfg = tiny_config(kit, tmp_path / 'run', 'LL-Cp', epochs=2)
    train(cfg)
    if change == 'mask':
        cfg.train_dataloader.dataset.observe.seed = 7
    else:
        change(kit)
    cfg.resume, cfg.train_cfg.max_epochs = True, 3
    with pytest.raises(ValueError, match=r'another training set.*load_from'):
        train(cfg)


def test_resume_with_moved_data_is_allowed(tmp_path):
    kit = write_devkit(tmp_path / 'kit')
    train(tiny_config(kit, tmp_path / 'run', 'LL-Cp', epochs=2))
    moved = kit.rename(tmp_path / 'moved')
    cfg = tiny_config(moved, tmp_path / 'run', 'LL-Cp', epochs=3)
    cfg.resume = True
    assert len(loss_of(train(cfg)).corrections) == 16


@pytest.mark.parametrize(('name', 'value'), [('num_samples', 25), ('num_classes', 6)])
def test_resume_with_other_sizes_is_refused(devkit, tmp_path, name, value):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=2)
    train(cfg)
    path = tmp_path / 'run' / 'epoch_2.pth'
    saved = load(path)
    corrections_in(saved)[name] = value
    torch.save(saved, path)
    cfg.resume, cfg.train_cfg.max_epochs = True, 3
    with pytest.raises(ValueError, match=f'{name}={value}.*training set has'):
        train(cfg)


def test_given_num_samples_is_checked(devkit, tmp_path):
    loss = dict(type='LargeLossCorrectPerm', delta_rel=5, num_samples=23)
    with pytest.raises(ValueError, match='num_samples=23'):
        train(tiny_config(devkit, tmp_path / 'run', loss))


def test_unwrapped_dataset_is_refused(devkit, tmp_path):
    inner = dataset_config(devkit)['dataset']
    with pytest.raises(ValueError, match='PartialLabelDataset'):
        train(tiny_config(devkit, tmp_path / 'run', 'LL-Cp', dataset=inner))


def test_unwrapped_dataset_with_num_samples_trains(devkit, tmp_path):
    inner = dataset_config(devkit)['dataset']
    inner['pipeline'][-1] = dict(type='PackInputs', meta_keys=('sample_idx', 'img_path'))
    loss = dict(type='LargeLossCorrectPerm', delta_rel=5, num_samples=24)
    runner = train(tiny_config(devkit, tmp_path / 'run', loss, dataset=inner, epochs=2))
    # Every label is known there: nothing to correct, and nothing goes wrong.
    assert len(loss_of(runner).corrections) == 0


@pytest.mark.parametrize('loss', LARGE)
@pytest.mark.parametrize(
    'head', ['MultiLabelLinearClsHead', 'IndexedMultiLabelLinearClsHead', 'OwnHead', 'CSRAClsHead']
)
def test_any_head_will_do(devkit, tmp_path, loss, head):
    cfg = tiny_config(devkit, tmp_path / 'run', loss, epochs=3)
    cfg.model.head.type = head
    if head == 'CSRAClsHead':
        cfg.model.neck = None
        cfg.model.head.update(num_heads=1, lam=0.1)
    set_hook(cfg, 'spy', type='SpyHook')
    runner = train(cfg)
    grown = [0, 8, 12] if loss != 'LL-Cp' else [0, 8, 8]
    assert scalars(runner, f'{ACTIONS[loss]}/count') == grown
    if loss == 'LL-Cp':
        names = list(read_devkit(devkit))
        found = {(names[s], label) for s, label, _ in correction_rows(loss_of(runner))}
        assert found == set(spy_of(runner).selected())


@MODELS.register_module()
class OwnHead(MultiLabelLinearClsHead):
    """A head of a user's, which knows nothing of sample indices."""

    def loss(self, feats, data_samples, **kwargs):
        return {'loss': self.loss_module(
            self(feats), torch.stack([s.gt_score for s in data_samples]).float())}  # fmt: skip


def test_hook_in_custom_hooks_works_as_well(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'LL-Cp', epochs=2)
    set_hook(cfg, 'partial_label')
    cfg.custom_hooks = [dict(type='PartialLabelHook')]
    train(cfg)
    state = corrections_in(load(tmp_path / 'run' / 'epoch_2.pth'))
    assert len(state['keys']) == 8


def test_wrapped_datasets_are_found_once(devkit):
    def build(**cfg):
        with DefaultScope.overwrite_default_scope('mmpretrain'):
            return DATASETS.build(cfg)

    config = dataset_config(devkit)
    repeat = build(
        type='RepeatDataset',
        times=2,
        dataset=dict(type='ConcatDataset', datasets=[config, config]),
    )
    one, two = repeat.dataset.datasets
    assert one is not two
    assert wrapped_datasets(one) == [one]
    assert wrapped_datasets(repeat) == [one, two]
    repeat.dataset.datasets = [one, one]
    assert wrapped_datasets(repeat) == [one]
    assert wrapped_datasets(one.dataset) == []


def test_interrupt_helper_does_interrupt(devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'run', 'AN', epochs=1)
    set_hook(cfg, 'interrupt', type='InterruptHook', epoch=0)
    with pytest.raises(Interrupted):
        train(cfg)
