"""The whole path once, fast: for every pair of frameworks (`pytest -m smoke`)."""

from __future__ import annotations

import json

import pytest
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
    write_devkit,
)

from wsml_mm.cli import test as test_cli
from wsml_mm.engine.hooks import newest_loadable


@pytest.mark.smoke
def test_train_kill_resume_test(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv('LOCAL_RANK', '0')  # set by the command line for good
    devkit = write_devkit(tmp_path / 'kit', val=7)
    runners = []
    for name in ('whole', 'cut'):
        cfg = tiny_config(devkit, tmp_path / name, 'LL-Cp', epochs=2)
        set_hook(cfg, 'spy', type='SpyHook')
        if name == 'cut':
            train_interrupted(cfg, epoch=1)
            assert newest_loadable(tmp_path / name).name == 'epoch_1.pth'
            cfg.resume = True
        runners.append(train(cfg))
    whole, cut = runners
    assert [s['epoch'] for s in spy_of(cut).steps] == [1] * 4
    assert len(spy_of(cut).selected()) == 8
    assert_same(dict(cut.model.state_dict()), dict(whole.model.state_dict()))
    assert_same(loss_of(cut).corrections.table(), loss_of(whole).corrections.table())
    states = [load(tmp_path / n / 'epoch_2.pth')['wsml_mm'] for n in ('whole', 'cut')]
    assert_same(*states)
    assert len(states[0]['losses'][0]['columns']['corrections']['keys']) == 8

    cfg.default_hooks.pop('spy')
    cfg.dump(tmp_path / 'tiny.py')
    command = ['tiny.py', 'cut/epoch_2.pth', '--work-dir', 'test']
    test_cli.main([*command, '--out', 'metrics.json', '--out-item', 'metrics'])
    found = json.loads((tmp_path / 'metrics.json').read_text())['multi-label/mAP']
    assert found == pytest.approx(scalars(cut, 'val/multi-label/mAP')[-1], rel=1e-12)
