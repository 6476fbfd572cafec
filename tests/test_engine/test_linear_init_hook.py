"""The second stage of LinearInit does not start from other weights than the first stage's."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest
from helpers import tiny_config, train, write_devkit
from mmengine.runner import Runner

from wsml_mm.experiments import training
from wsml_mm.experiments.training import best_checkpoint

REFUSED = r'linear_init: its first stage is not loaded; train both .*wsml_mm\.cli\.train .*'


@pytest.fixture(scope='module')
def devkit(tmp_path_factory):
    return write_devkit(tmp_path_factory.mktemp('data') / 'kit')


@pytest.fixture
def second(devkit, tmp_path):
    def make(loss='AN', **stage):
        cfg = tiny_config(devkit, tmp_path / 'second', loss, epochs=1)
        cfg.linear_init = dict(config='first.py', **stage)
        return cfg

    return make


def checkpoint(devkit, tmp_path):
    train(tiny_config(devkit, tmp_path / 'first', 'LL-Cp', epochs=1))
    return str(best_checkpoint(tmp_path / 'first'))


def test_without_the_first_stage(second):
    with pytest.raises(ValueError, match=REFUSED + r'load_from=BEST') as error:
        train(second())
    assert '\n' not in str(error.value)


def test_resume_without_a_checkpoint(second):
    cfg = second()
    cfg.resume = True  # MMEngine finds nothing to resume and would start anew
    with pytest.raises(ValueError, match=REFUSED):
        train(cfg)


def test_with_the_first_stage_and_resumed(second, devkit, tmp_path):
    cfg = second()
    cfg.load_from = checkpoint(devkit, tmp_path)
    assert train(cfg).epoch == 1
    cfg = second()
    cfg.resume, cfg.train_cfg.max_epochs = True, 2
    assert train(cfg).epoch == 2


def test_corrections_that_are_to_be_carried_over(second, devkit, tmp_path):
    cfg = second('LL-Cp', carry_corrections=True)
    cfg.load_from = checkpoint(devkit, tmp_path)
    with pytest.raises(ValueError, match=REFUSED + r'partial_label\.state_from=BEST'):
        train(cfg)
    cfg.default_hooks.partial_label.state_from = cfg.load_from
    assert train(cfg).epoch == 1


def test_other_configs_and_tests_are_left_alone(second, devkit, tmp_path):
    cfg = tiny_config(devkit, tmp_path / 'plain', 'AN', epochs=1)
    assert train(cfg).epoch == 1
    cfg = second()
    cfg.load_from, cfg.experiment_name = checkpoint(devkit, tmp_path), 'test_of_second'
    Runner.from_cfg(cfg).test()


def test_a_finished_first_stage_of_other_labels_is_not_taken(devkit, tmp_path, monkeypatch):
    def trained(cfg):
        (Path(cfg.work_dir) / 'best_mAP_epoch_1.pth').parent.mkdir(parents=True, exist_ok=True)
        (Path(cfg.work_dir) / 'best_mAP_epoch_1.pth').touch()
        return SimpleNamespace(train=lambda: calls.append(cfg))

    calls = []
    monkeypatch.setattr(training, 'build_runner', trained)
    kit = tmp_path / 'kit'
    shutil.copytree(devkit, kit)
    tiny_config(kit, '').dump(tmp_path / 'first.py')

    def begin():
        cfg = tiny_config(kit, tmp_path / 'second', 'AN', epochs=1)
        cfg.linear_init = dict(config=str(tmp_path / 'first.py'))
        training.train(cfg)

    begin()
    begin()
    assert len(calls) == 3  # the first stage once, the second twice
    for path in (kit / 'ImageSets/Main').glob('*_train.txt'):
        path.write_text(path.read_text().replace(' 1', ' 0', 3))
    with pytest.raises(
        ValueError, match=r'linear_init: holds a first stage .* labels; delete that'
    ):
        begin()
    (tmp_path / 'second/linear_init/finished').write_text('')  # of an earlier version
    begin()
