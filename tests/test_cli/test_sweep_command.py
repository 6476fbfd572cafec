"""Whole sweeps on a tiny devkit: what is trained, how often, and what is written."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from helpers import Interrupted, load, set_hook, tiny_config, write_devkit

from wsml_mm.cli import sweep
from wsml_mm.experiments import runs
from wsml_mm.experiments.entries import Entry
from wsml_mm.experiments.results import read_result
from wsml_mm.experiments.training import train


@pytest.fixture
def configs(tmp_path):
    devkit = write_devkit(tmp_path / 'devkit')
    paths = []
    for name, loss in (('an', 'AN'), ('ll-r', 'LL-R')):
        cfg = tiny_config(devkit, tmp_path / 'unused', loss, epochs=2)
        cfg.pop('work_dir')
        paths.append(str(tmp_path / f'{name}_tiny.py'))
        cfg.dump(paths[-1])
    return paths


@pytest.fixture
def trainings(monkeypatch):
    """Counts trainings by method, delta_rel and seed; the interrupted ones as well."""
    counted = Counter()
    counted.interrupt_at = None

    def counting(cfg):
        loss = cfg.model.head.loss
        counted[loss.type, loss.get('delta_rel'), cfg.randomness.seed] += 1
        if sum(counted.values()) == counted.interrupt_at:
            set_hook(cfg, 'interrupt', type='InterruptHook', epoch=1)
        return train(cfg)

    monkeypatch.setattr(runs, 'train', counting)
    return counted


def read_csv(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_each_value_is_trained_once_and_survives_an_interrupt(configs, tmp_path, capsys, trainings):
    out = tmp_path / 'out'
    command = [*configs, '--delta-rel', '4', '9', '--seeds', '1', '2', '--work-dir', str(out)]
    trainings.interrupt_at = 3
    with pytest.raises(SystemExit, match=r'LL-R, seed 1 \(.*ll-r_1\): .*Interrupted') as stopped:
        sweep.main(command)
    assert isinstance(stopped.value.__cause__.__cause__, Interrupted)
    assert sum(trainings.values()) == 3
    assert not (out / 'delta_rel.csv').exists()

    sweep.main(command)
    reject = [('LargeLossReject', delta, seed) for delta in (4.0, 9.0) for seed in (1, 2)]
    expected = dict.fromkeys([('AssumeNegativeLoss', None, s) for s in (1, 2)] + reject, 1)
    expected[reject[0]] = 2  # the interrupted one, resumed
    assert trainings == expected
    printed = capsys.readouterr().out
    assert '3/3 delta_rel_9.0: LL-R' in printed
    assert '| method | without | 4.0 | 9.0 |' in printed

    # The numbers of the tables are those of the runs.
    folders = {'AN': {'': 'reference/an'}}
    folders['LL-R'] = {v: f'delta_rel_{v}/ll-r' for v in ('4.0', '9.0')}
    rows, singles = read_csv(out / 'delta_rel.csv'), read_csv(out / 'delta_rel_runs.csv')
    assert len(rows) == 3
    assert len(singles) == 6
    for row in rows:
        folder = folders[row['method']][row['delta_rel']]
        results = [read_result(out / f'{folder}_{s}/result.json') for s in (1, 2)]
        assert all(len(r.validation) == 2 for r in results)
        for checkpoint in ('best', 'last'):
            score = [r.score(checkpoint) for r in results]
            assert float(row[f'{checkpoint}_mean']) == pytest.approx(np.mean(score))
            assert float(row[f'{checkpoint}_std']) == pytest.approx(np.std(score, ddof=1))
            alone = [s for s in singles if (s['method'], s['delta_rel']) == (
                row['method'], row['delta_rel'])]  # fmt: skip
            assert [float(s[f'{checkpoint}_mAP']) for s in alone] == score
    made = {p.name for p in out.iterdir() if p.is_file()}
    suffixes = ('.png', '.svg', '.csv', '.md', '.command.txt', '_runs.csv')
    assert made == {'.lock', '.contents.json', *(f'delta_rel{s}' for s in suffixes)}

    # The resumed run is as good as an undisturbed one, and all is found again.
    seed, delta = 1, 4.0
    whole = runs.run_once(
        Entry('LL-R', configs[1]),
        seed,
        tmp_path / 'whole',
        {'model.head.loss.delta_rel': delta},
    )
    resumed = read_result(out / 'delta_rel_4.0/ll-r_1/result.json')
    assert replace(resumed, seconds=0, memory=0) == replace(whole, seconds=0, memory=0)
    before = dict(trainings)
    sweep.main(command)
    assert trainings == before


def test_fewer_images_mean_fewer_steps(configs, tmp_path, trainings):
    out = tmp_path / 'out'
    options = ['--train-fraction', '0.5', '1', '--work-dir', str(out), '--baseline', 'LL-R']
    sweep.main([*configs, *options])
    assert sum(trainings.values()) == 4
    rows = {(r['method'], r['train_fraction']): r for r in read_csv(out / 'train_fraction.csv')}
    gaps = {v: float(rows['AN', v]['best_difference']) for v in ('0.5', '1.0')}
    for value, gap in gaps.items():
        scores = [float(rows[m, value]['best_mean']) for m in ('AN', 'LL-R')]
        assert gap == pytest.approx(scores[0] - scores[1])
    # 24 images in batches of 6: 4 steps an epoch, or 2 with half of them.
    for value, step in (('0.5', 4), ('1.0', 8)):
        last = (out / f'train_fraction_{value}/an_1200/last_checkpoint').read_text()
        assert load(last)['meta']['iter'] == step


def test_a_value_that_fails_is_left_out_with_keep_going(configs, tmp_path, capsys):
    out = tmp_path / 'out'
    options = ['--set', 'model.backbone.depth', '18', '7', '--work-dir', str(out), '--keep-going']
    with pytest.raises(SystemExit, match=r'2 runs failed') as stopped:  # no ResNet-7
        sweep.main([*configs, *options])
    assert 'LL-R, seed 1200 (' in stopped.value.code
    assert 'invalid depth 7' in stopped.value.code
    assert {row['model.backbone.depth'] for row in read_csv(out / 'model.backbone.depth.csv')} == {
        '18'
    }
    assert '| method | 18 |' in capsys.readouterr().out
