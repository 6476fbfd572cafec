"""`wsml-mm advise` on small trainings."""

from __future__ import annotations

import json

import pytest
from helpers import read_devkit, tiny_config, write_devkit
from mmengine.config import Config
from trained_runs import of_size, train_run

from wsml_mm.cli import advise, audit
from wsml_mm.cli.advise import facts_of, precision_of, schedule_of


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp('advise')
    kit = write_devkit(folder / 'kit', train=18)
    return train_run(of_size(tiny_config(kit, folder / 'cp', 'LL-Cp')), folder / 'cp')


def test_by_validation_labels(run, capsys):
    facts = facts_of(Config.fromfile(run.config))
    positives = sum(labels.sum() for labels in read_devkit(run.images.parent, 'val').values())
    assert facts.missing.count == pytest.approx(positives / 8 * 18 - 18)
    assert (facts.images, facts.positive, facts.negative, facts.batch) == (18, 18, 0, 6)
    assert facts.schedule.permanent
    advise.main([str(run.config), '--run', str(run.checkpoint.parent)])
    printed = capsys.readouterr().out
    assert 'by 8 completely labelled validation images' in printed
    assert 'of what the run selected in its first epochs ' in printed
    assert 'advice: ' in printed


def test_by_an_audit(run, tmp_path, capsys):
    audit.main([str(run.config), str(run.checkpoint), '--out', str(tmp_path), '--device', 'cpu'])
    advise.main([str(run.config), '--audit', str(tmp_path)])
    assert 'by the audit; that is ' in capsys.readouterr().out
    record = json.loads((tmp_path / 'audit.json').read_text())
    (tmp_path / 'audit.json').write_text(json.dumps({**record, 'labels': 'x'}))
    with pytest.raises(ValueError, match='is of other images or observed labels than the config'):
        advise.main([str(run.config), '--audit', str(tmp_path)])


def test_validation_that_says_nothing(run):
    cfg = Config.fromfile(run.config)
    cfg.val_dataloader.dataset.observe = dict(type='SinglePositive', seed=1)
    assert facts_of(cfg).missing is None
    cfg.val_dataloader = None
    assert facts_of(cfg).missing is None


def test_methods_without_a_schedule(run, tmp_path):
    cfg = Config.fromfile(run.config)
    cfg.model.head.loss = dict(type='LargeLossReject', delta_abs=0.1)
    assert schedule_of(cfg) is None
    cfg.model.head.loss = dict(type='AssumeNegativeLoss')
    assert schedule_of(cfg) is None
    cfg.model.head.loss = dict(type='LargeLossReject', percent_of='unobserved')
    assert schedule_of(cfg).delta_rel == 0.2
    with pytest.raises(FileNotFoundError, match='holds no epoch'):
        precision_of(tmp_path)
