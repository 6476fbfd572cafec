"""Whole comparisons on a tiny devkit: seeds, resumption, refusal, files."""

from __future__ import annotations

import dataclasses
import shutil

import pytest
import torch
from helpers import tiny_config, write_devkit
from mmengine.logging import print_log

from wsml_mm.cli import compare
from wsml_mm.experiments.comparison import run_comparison
from wsml_mm.experiments.entries import Entry, read_entries, seeded_config
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.results import METRIC, load_results, read_result
from wsml_mm.experiments.runs import run_once
from wsml_mm.version import __version__


@pytest.fixture
def configs(tmp_path):
    devkit = write_devkit(tmp_path / 'devkit')
    paths = []
    for name, loss in (('an', 'AN'), ('ll-cp', 'LL-Cp')):
        cfg = tiny_config(devkit, tmp_path / 'unused', loss, epochs=2)
        cfg.pop('work_dir')
        cfg.test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
        path = tmp_path / f'{name}_tiny.py'
        cfg.dump(path)
        paths.append(str(path))
    return paths


def test_names(configs, tmp_path):
    assert [m.name for m in read_entries(configs)] == ['AN', 'LL-Cp']
    assert [m.name for m in read_entries([f'mine={configs[0]}', configs[1]])] == ['mine', 'LL-Cp']
    twin = tmp_path / 'an_other.py'
    twin.write_text('')
    names = [m.name for m in read_entries([configs[0], str(twin)])]
    assert names == ['an_tiny', 'an_other']
    with pytest.raises(ValueError, match='its own name'):
        read_entries([f'x={configs[0]}', f'x={configs[1]}'])
    with pytest.raises(FileNotFoundError, match='no such config'):
        read_entries(['missing.py'])


def test_a_seed_sets_labels_and_training(configs):
    cfg = seeded_config(Entry('AN', configs[0]), 7, {'train_cfg.max_epochs': 5})
    assert cfg.train_dataloader.dataset.observe.seed == 7
    assert cfg.randomness.seed == 7
    assert cfg.train_cfg.max_epochs == 5
    assert cfg.train_dataloader.persistent_workers is False


@pytest.mark.parametrize(
    ('observe', 'seed'),
    [
        (dict(type='SinglePositive'), 7),  # the seed need not be written
        (dict(type='KeepRatio', ratio=0.5), 7),
        (dict(type='BiasedSinglePositive', rates=dict(ant=1)), 7),
        (dict(type='KnownPerClass', num_pos=1, num_neg=1), 7),
        (dict(type='ObserveAll'), None),
        (dict(type='ObservationFile', path='x.npy'), None),
        (dict(type='ObservationFile', path='x.npz'), None),
    ],
)
def test_only_random_observations_are_seeded(configs, observe, seed):
    options = {'train_dataloader.dataset.observe': dict(_delete_=True, **observe)}
    cfg = seeded_config(Entry('AN', configs[0]), 7, options)
    assert cfg.train_dataloader.dataset.observe.get('seed') == seed


def test_run_writes_and_reuses_its_result(configs, tmp_path, monkeypatch):
    method = Entry('LL-Cp', configs[1])
    result = run_once(method, 3, tmp_path / 'run')
    assert len(result.validation) == 2
    best = max(range(2), key=result.validation.__getitem__)
    assert result.best_epoch == best + 1
    assert 0 <= result.scores['best'][METRIC] <= 100
    if best == 1:
        assert result.scores['best'] == result.scores['last']
    assert result.selection['state/corrections/count'][1] > 0
    assert 'multi-label/AP/ant' in result.scores['last']
    assert (result.method, result.key, result.seed) == ('LL-Cp', 'll-cp', 3)
    assert (result.data, result.protocol) == ('VOC2012', 'll-cp_tiny')
    assert result.version == __version__
    assert (tmp_path / 'run' / 'console.log').stat().st_size > 0
    monkeypatch.setattr('wsml_mm.experiments.runs.train', None)  # training again would fail
    assert run_once(method, 3, tmp_path / 'run') == result
    with pytest.raises(ValueError, match=r'run: holds a run .*randomness.seed.*; delete it'):
        run_once(method, 4, tmp_path / 'run')


MEASURED = {
    'best_epoch': 1,
    'scores': {'best': {METRIC: 50}, 'last': {METRIC: 50}},
    'validation': [50],
    'selection': {},
    'seconds': 1.0,
}


def correct_a_label(tmp_path):
    path = tmp_path / 'devkit/ImageSets/Main/ant_train.txt'
    path.write_text(path.read_text().replace(' -1', ' 1', 1))


def test_data_that_change_while_a_run_is_trained_leave_no_result(configs, tmp_path, monkeypatch):
    def trained(cfg):
        cfg.load_from = 'elsewhere.pth'  # as a first stage does
        correct_a_label(tmp_path)
        return MEASURED

    monkeypatch.setattr('wsml_mm.experiments.runs._train_and_test', trained)
    method = Entry('AN', configs[0])
    with pytest.raises(ValueError, match=r'run: train .* changed while this run was trained'):
        run_once(method, 3, tmp_path / 'run')
    assert not (tmp_path / 'run' / 'result.json').exists()
    with pytest.raises(ValueError, match=r'run: holds a run with other train .*; delete it'):
        run_once(method, 3, tmp_path / 'run')


def test_a_result_of_other_data_is_not_taken_for_this_one(configs, tmp_path, monkeypatch):
    monkeypatch.setattr('wsml_mm.experiments.runs._train_and_test', lambda cfg: MEASURED)
    method = Entry('AN', configs[0])
    old = run_once(method, 3, tmp_path / 'old')
    correct_a_label(tmp_path)
    new = run_once(method, 3, tmp_path / 'new')
    assert old.identity != new.identity
    shutil.copy(tmp_path / 'old/result.json', tmp_path / 'new/result.json')
    with pytest.raises(ValueError, match=r'new: holds a run with other train .*; delete it'):
        run_once(method, 3, tmp_path / 'new')


def test_messages_after_a_run_do_not_go_to_its_closed_log(configs, tmp_path, capsys):
    print_log('before', logger='current')
    run_once(Entry('AN', configs[0]), 3, tmp_path / 'run')
    print_log('afterwards', logger='current')
    printed = capsys.readouterr()
    assert 'afterwards' in printed.out
    assert 'Logging error' not in printed.err
    assert 'afterwards' not in (tmp_path / 'run' / 'console.log').read_text()


@pytest.mark.parametrize('jobs', ['1', '2'])
def test_command(configs, tmp_path, capsys, jobs):
    out = tmp_path / 'out'
    compare.main([*configs, '--seeds', '1', '2', '--work-dir', str(out), '--jobs', jobs])
    printed = capsys.readouterr().out
    assert '| LL-Cp |' in printed
    assert '4/4' in printed
    files = {p.name for p in out.iterdir()}
    assert {'table.md', 'table.csv', 'runs.csv', 'mAP_by_epoch.png', 'mAP_by_epoch.svg'} <= files
    assert {p.name for p in (out / 'configs').iterdir()} == {'an.py', 'll-cp.py'}
    # The same mask and start for both methods: epoch 1, in which nothing is selected, is equal.
    runs = [read_result(out / f'{m}_{s}/result.json') for m in ('an', 'll-cp') for s in (1, 2)]
    assert runs[0].validation[0] == runs[2].validation[0]
    assert runs[0].validation[0] != runs[1].validation[0]
    assert load_results(out) == runs


def test_a_forked_worker_computes_what_this_process_does(configs, tmp_path):
    """Runs in one process after the other, and in a worker after another run: bit for bit."""
    methods, folders = read_entries(configs), {}
    for jobs in (1, 2):
        root = folders[jobs] = tmp_path / str(jobs)
        run_comparison(methods, [1, 2], root, execution=Execution(jobs))
    for name in ('an_1', 'an_2', 'll-cp_1', 'll-cp_2'):
        here, there = (read_result(root / name / 'result.json') for root in folders.values())
        assert dataclasses.replace(here, seconds=0, memory=0) == dataclasses.replace(
            there, seconds=0, memory=0
        )
        states = [
            torch.load(root / name / 'epoch_2.pth', weights_only=False) for root in folders.values()
        ]
        assert_same(*({key: state[key] for key in COMPUTED} for state in states))


COMPUTED = ('state_dict', 'optimizer', 'param_schedulers')


def assert_same(one, other):
    """Compares nested states of a checkpoint, tensors bit for bit."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        one, other = list(one.values()), list(other.values())
    if isinstance(one, (list, tuple)):
        assert len(one) == len(other)
        for mine, theirs in zip(one, other, strict=True):
            assert_same(mine, theirs)
    elif isinstance(one, torch.Tensor):
        assert torch.equal(one, other)
    else:
        assert one == other


def test_unknown_baseline(configs, tmp_path):
    with pytest.raises(SystemExit, match='--baseline full'):
        compare.main([*configs, '--work-dir', str(tmp_path / 'o'), '--baseline', 'full'])
