"""Suites: real runs of two protocols, what is refused, what fails, tuning without a test set."""

from __future__ import annotations

import csv
import dataclasses
import json

import pytest
from helpers import tiny_config, write_devkit
from mmengine.config import Config
from run_jobs import FailHook

from wsml_mm.cli import suite
from wsml_mm.experiments.grid import Grid
from wsml_mm.experiments.method import shipped_methods
from wsml_mm.experiments.results import METRIC, RunResult, read_result
from wsml_mm.experiments.suite import read_suite, run_suite
from wsml_mm.experiments.tuning import _best, _validation
from wsml_mm_cli.suite import parse_args

AN = "method = dict(key='{0}', title='{1}', loss=dict(type='AssumeNegativeLoss'), {2})"


@pytest.fixture
def protocols(tmp_path):
    devkit = write_devkit(tmp_path / 'devkit')
    paths = []
    for name in ('one', 'two'):
        cfg = tiny_config(devkit, tmp_path / 'unused', 'AN', epochs=1)
        cfg.pop('work_dir')
        cfg.protocol = dict(name=f'tiny/{name}', data='tiny', title=f'The {name}')
        paths.append(str(tmp_path / f'{name}.py'))
        cfg.dump(paths[-1])
    return paths


@pytest.fixture
def method_files(tmp_path):
    """Two that refuse, while composed and while trained, and one that has a bug."""
    parts = {
        'refused': "augmentation=[dict(type='RandomFlip', prob=0.5)]",
        'bug': "hooks=dict(bug=dict(type='FailHook')), imports=['run_jobs']",
    }
    for key, part in parts.items():
        (tmp_path / f'{key}.py').write_text(AN.format(key, key.title(), part))
    (tmp_path / 'wide.py').write_text(
        "method = dict(key='wide', title='Wide', loss=dict(type='LargeLossReject', delta_rel=200))"
    )
    return {key: str(tmp_path / f'{key}.py') for key in (*parts, 'wide')}


def read(path):
    with path.open(newline='') as file:
        return list(csv.DictReader(file))


def test_one_command_for_tables_ranks_and_reasons(protocols, method_files, tmp_path, capsys):
    out = tmp_path / 'out'
    argv = [*protocols, '--methods', 'an', 'll-r', method_files['wide']]
    argv += ['--seeds', '1', '--work-dir', str(out)]
    suite.main(argv)
    printed = capsys.readouterr().out
    assert '## The one' in printed
    assert 'Wide: ' in printed
    assert 'LL-R' in printed
    assert {row['protocol'] for row in read(out / 'refused.csv')} == {'tiny/one', 'tiny/two'}
    assert len(read(out / 'runs.csv')) == 2 * 2
    labels = read(out / 'labels.csv')
    assert len(labels) == 4
    assert len({row['train labels'] for row in labels}) == 1
    ranks = read(out / 'ranks_best.csv')
    assert {row['method'] for row in ranks} == {'AN', 'LL-R'}
    for name in ('ranks_best.png', 'ranks_last.svg', 'table.md', 'table.csv', 'results.csv'):
        assert (out / name).stat().st_size
    assert (out / 'tiny_one' / 'configs' / 'll-r.py').is_file()
    before = {p: p.stat().st_mtime_ns for p in out.rglob('result.json')}
    suite.main(argv)
    assert before == {p: p.stat().st_mtime_ns for p in out.rglob('result.json')}


def test_a_fault_stops_no_other_run_and_is_told(
    protocols, method_files, tmp_path, capsys, monkeypatch
):
    def fail(self, runner, batch_idx, data_batch=None, outputs=None):
        raise RuntimeError('a bug')

    monkeypatch.setattr(FailHook, 'after_train_iter', fail)
    argv = [protocols[0], '--methods', 'an', method_files['bug'], '--seeds', '1']
    with pytest.raises(SystemExit, match=r'(?s)1 runs? failed and are in no table.*RuntimeError'):
        suite.main([*argv, '--work-dir', str(tmp_path / 'out')])
    assert 'Failed, and in no table' in capsys.readouterr().out
    assert [r['method'] for r in read(tmp_path / 'out' / 'table.csv')] == ['AN']


def test_tuning_never_sees_the_test_set(protocols, tmp_path):
    parts = read_suite(protocols[:1], ['an', 'll-r'])
    root = tmp_path / 'out'
    grid = Grid(2, factors=(1.0, 1e-6))
    (found,) = run_suite(parts, [1], root, grid=grid, tune_seeds=[7], tune_on='observed')
    points = sorted((root / 'tiny_one' / 'tuning').rglob('result.json'))
    assert len(points) == 4
    for path in points:
        result = read_result(path)
        assert result.checkpoints == []
        assert not any(key.startswith('test ') for key in result.identity)
        assert json.loads((path.parent / 'run.json').read_text())['seed'] == 7
    for method in ('AN', 'LL-R'):
        tuned = found.tuned[method]
        assert tuned.tried == 2
        assert tuned.scores[tuned.point.name] == max(tuned.scores.values())
    assert {r.method for r in found.results} == {'AN', 'LL-R'}
    assert all(r.seed == 1 and r.checkpoints for r in found.results)


RESULT = RunResult(
    method='AN', key='an', data='d', protocol='p', seed=1, best_epoch=1, seconds=1,
    scores={'best': {METRIC: 1}, 'last': {METRIC: 1}}, validation=[1, 3, 2],
)  # fmt: skip


def test_the_best_point_and_the_first_of_equal_ones():
    points = dict.fromkeys('abc')
    assert _best({**points, 'b': 'B'}, {'a': [1, 2], 'b': [2, 3], 'c': [2.5, 2.5]}).point == 'B'
    assert _best(points, {'a': [float('nan')]}) is None
    assert _validation(RESULT, 'full') == 3
    observed = dataclasses.replace(RESULT, validation_observed=[5, float('nan')])
    assert _validation(observed, 'observed') == 5
    with pytest.raises(ValueError, match='has no validation by observed labels'):
        _validation(RESULT, 'observed')


def test_all_methods_and_bad_suites(protocols, tmp_path):
    (part,) = read_suite(protocols[:1], ['all'])
    assert len(part.entries) + len(part.refused) == len(shipped_methods())
    assert part.entries[0].name == 'AN'
    with pytest.raises(ValueError, match='two protocols of that name'):
        read_suite([protocols[0], protocols[0]], ['an'])


def test_a_method_that_does_not_go_with_a_protocol_is_listed(protocols, method_files, tmp_path):
    cfg = Config.fromfile(protocols[0])
    inner = cfg.train_dataloader.dataset.dataset
    cfg.train_dataloader.dataset.dataset = dict(type='FeatureDataset', dataset=inner)
    cfg.dump(tmp_path / 'features.py')
    (part,) = read_suite([str(tmp_path / 'features.py')], ['an', method_files['refused']])
    assert [entry.name for entry in part.entries] == ['AN']
    assert 'Refused changes images' in part.refused['Refused']
    with pytest.raises(ValueError, match=r'no method can run: .* changes images'):
        read_suite([str(tmp_path / 'features.py')], [method_files['refused']])


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--tune-seeds', '1'], 'give --grid as well'),
        (['--grid-points', '10'], 'give 1 to 9 points'),
        (['--tune-on', 'test'], 'invalid choice'),
    ],
)
def test_usage_errors(options, words, capsys):
    with pytest.raises(SystemExit):
        parse_args(['p.py', '--work-dir', 'w', *options])
    assert words in capsys.readouterr().err
