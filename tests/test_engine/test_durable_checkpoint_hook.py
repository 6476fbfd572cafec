"""Checkpoints under fire: nothing half-written, nothing deleted too early, resume falls back."""

from __future__ import annotations

import functools
import os
from pathlib import Path

import pytest
from helpers import assert_same, load, loss_of, scalars, set_hook, tiny_config, train, write_devkit
from mmengine.config import Config

from wsml_mm.engine.hooks import durable_checkpoint_hook, newest_loadable
from wsml_mm.engine.hooks.durable_checkpoint_hook import write_durably


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'devkit')


def durable(devkit, work_dir, loss='LL-Cp', **kwargs):
    cfg = tiny_config(devkit, work_dir, loss, **kwargs)
    set_hook(
        cfg,
        'checkpoint',
        type='DurableCheckpointHook',
        interval=1,
        max_keep_ckpts=2,
        save_best='multi-label/mAP',
        rule='greater',
    )
    return cfg


def test_write_replaces_whole(tmp_path, monkeypatch):
    path = tmp_path / 'file'
    write_durably(path, b'old')
    monkeypatch.setattr(os, 'replace', lambda *a: (_ for _ in ()).throw(OSError('disk full')))
    with pytest.raises(OSError, match='disk full'):
        write_durably(path, b'new')
    assert path.read_bytes() == b'old'
    assert [p.name for p in tmp_path.iterdir()] == ['file']


def test_keeps_the_last_and_the_best(devkit, tmp_path):
    work = tmp_path / 'work'
    runner = train(durable(devkit, work, epochs=4))
    names = {p.name for p in work.glob('*.pth')}
    best = [n for n in names if n.startswith('best_')]
    assert names - set(best) == {'epoch_3.pth', 'epoch_4.pth'}
    assert len(best) == 1
    assert not list(work.glob('.*.pth*'))
    assert (work / 'last_checkpoint').read_text() == str(work / 'epoch_4.pth')
    # The epoch's file knows the epoch's validation: a resumed run need not repeat it.
    saved = load(work / 'epoch_4.pth')
    series = saved['message_hub']['log_scalars']['val/multi-label/mAP']
    assert len(next(iter(series.values()))['log']['__ndarray__']) == 4
    history = scalars(runner, 'val/multi-label/mAP')
    assert saved['message_hub']['runtime_info']['best_score'] == max(history)
    assert saved['meta']['epoch'] == 4


class Killed(BaseException):
    """Stands for SIGKILL: no handler of the program runs."""


LOSSES = {
    'LL-Cp': 'LL-Cp',
    'EM + APL': dict(type='EMAPLLoss', warm_up=1),
    'ROLE': dict(type='ROLELoss', expected_num_pos=2.0),
    'write-back': dict(type='ThresholdWriteBackLoss', threshold=0.3, warm_up=1, warn_share=1),
    'curriculum': dict(type='CurriculumLoss', threshold=0.4, assume_negative_first=True),
}


@pytest.fixture(scope='module')
def whole(devkit, tmp_path_factory):
    """Trains with a loss, once, without being killed."""
    done = {}

    def run(loss):
        if loss not in done:
            folder = tmp_path_factory.mktemp('expected') / 'whole'
            done[loss] = train(durable(devkit, folder, LOSSES[loss], epochs=3))
        return done[loss]

    return run


WRITES = [('LL-Cp', number) for number in range(1, 8)] + [(loss, 5) for loss in list(LOSSES)[1:]]


@pytest.mark.parametrize(('loss', 'moment'), WRITES)
def test_killed_at_any_write_it_resumes_exactly(devkit, whole, tmp_path, monkeypatch, loss, moment):
    expected = whole(loss)
    work, count = tmp_path / 'killed', 0
    real = os.replace

    def replace(source, target):
        nonlocal count
        if str(target).startswith(str(work)):
            count += 1
            if count == moment:
                raise Killed
        real(source, target)

    monkeypatch.setattr(os, 'replace', replace)
    with pytest.raises(Killed):
        train(durable(devkit, work, LOSSES[loss], epochs=3))
    monkeypatch.setattr(os, 'replace', real)
    for path in work.glob('*.pth'):
        load(path)  # every file under its final name is whole
    cfg = durable(devkit, work, LOSSES[loss], epochs=3)
    cfg.resume = newest_loadable(work) is not None
    resumed = train(cfg)
    assert_same(resumed.model.state_dict(), expected.model.state_dict())
    assert_same(loss_of(resumed).state.state_dict(), loss_of(expected).state.state_dict())
    name = 'val/multi-label/mAP'
    assert scalars(resumed, name) == scalars(expected, name)
    best = [sorted(p.name for p in Path(r.work_dir).glob('best_*')) for r in (resumed, expected)]
    assert best[0] == best[1] != []


def test_without_validation_the_epoch_is_saved_at_its_end(devkit, tmp_path):
    cfg = durable(devkit, tmp_path / 'work', epochs=3)
    cfg.train_cfg.val_interval = 2
    cfg.default_hooks.checkpoint.max_keep_ckpts = -1
    train(cfg)
    names = {p.name for p in Path(tmp_path / 'work').glob('epoch_*.pth')}
    assert names == {'epoch_1.pth', 'epoch_2.pth', 'epoch_3.pth'}


def test_git_is_asked_once_and_the_config_laid_out_once(devkit, tmp_path, monkeypatch):
    asked, texts = [], []
    commit = functools.cache(lambda: asked.append(1) or 'abc')
    monkeypatch.setattr(durable_checkpoint_hook, '_commit', commit)
    text = Config.pretty_text.fget
    monkeypatch.setattr(Config, 'pretty_text', property(lambda c: texts.append(1) or text(c)))
    work = tmp_path / 'work'
    train(durable(devkit, work, epochs=1))
    start = len(texts)
    texts.clear()
    train(durable(devkit, tmp_path / 'longer', epochs=4))
    assert len(texts) == start
    assert len(asked) == 1
    meta = load(work / 'epoch_1.pth')['meta']
    assert meta['mmengine_version'].endswith('abc')
    assert meta['cfg'].startswith('auto_scale_lr')
