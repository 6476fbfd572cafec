"""Comparisons that fail, are interrupted, or are refused: real trainings, real processes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from helpers import REPO, tiny_config, write_devkit

from wsml_mm.cli import compare
from wsml_mm.experiments import run_folders
from wsml_mm.experiments.comparison import check_names, run_comparison
from wsml_mm.experiments.entries import Entry
from wsml_mm.experiments.execution import Execution
from wsml_mm.experiments.results import load_results
from wsml_mm.experiments.run_folders import claimed
from wsml_mm.experiments.runs import run_once


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    """A devkit and configs: `an`, `bad`, which fails, and `slow`, which waits at a gate."""
    root = tmp_path_factory.mktemp('runs')
    devkit = write_devkit(root / 'devkit')
    hooks = {
        'an': [],
        'bad': [dict(type='FailHook')],
        'slow': [dict(type='GateHook')],
    }
    for name, custom in hooks.items():
        cfg = tiny_config(devkit, root / 'unused', 'AN', epochs=1, workers=int(name == 'slow'))
        cfg.pop('work_dir')
        cfg.custom_hooks = custom
        cfg.custom_imports = dict(imports=['wsml_mm', 'run_jobs'], allow_failed_imports=False)
        cfg.test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
        cfg.dump(root / f'{name}_tiny.py')
    return root


def configs(folder, *names):
    return [f'{name}={folder / name}_tiny.py' for name in names]


def methods(folder, *names):
    return [Entry(name, str(folder / f'{name}_tiny.py')) for name in names]


FAILED = r'bad, seed 3 \(.*out/bad_3\): ValueError: the loss is bad'


def test_a_failing_run_stops_the_comparison(folder, tmp_path):
    out = tmp_path / 'out'
    command = [*configs(folder, 'an', 'bad'), '--seeds', '3', '4', '--work-dir', str(out)]
    with pytest.raises(SystemExit, match=FAILED + r'.*console\.log; 2 finished') as stopped:
        compare.main(command)
    assert '\n' not in stopped.value.code
    assert {p.name for p in out.glob('*_?')} == {'an_3', 'an_4', 'bad_3'}
    assert 'ValueError: something' in (out / 'bad_3/console.log').read_text()
    assert [r.seed for r in load_results(out)] == [3, 4]
    assert not (out / 'table.md').exists()


def test_a_failing_run_ends_those_in_flight(folder, tmp_path, monkeypatch):
    monkeypatch.setenv('GATE', str(tmp_path / 'gate'))
    begin = time.monotonic()
    command = [*configs(folder, 'slow', 'bad'), '--seeds', '3', '--work-dir', str(tmp_path / 'out')]
    with pytest.raises(SystemExit, match=FAILED):
        compare.main([*command, '--jobs', '2'])
    assert time.monotonic() - begin < 100  # nobody opens the gate


def test_keep_going_tabulates_the_others(folder, tmp_path, capsys):
    out = tmp_path / 'out'
    command = [*configs(folder, 'bad', 'an'), '--seeds', '3', '4', '--work-dir', str(out)]
    with pytest.raises(SystemExit, match='2 runs failed and are in no table') as stopped:
        compare.main([*command, '--keep-going'])
    lines = stopped.value.code.splitlines()
    assert len(lines) == 3
    assert 'bad, seed 3 (' in lines[1]
    assert 'bad, seed 4 (' in lines[2]
    assert '| an | ' in (out / 'table.md').read_text()
    assert '4/4' in capsys.readouterr().out


@pytest.mark.parametrize('options', [['--jobs', '2'], [], ['--devices', '0', '1']])
def test_interrupt_and_resume(folder, tmp_path, monkeypatch, options):
    gate, out = tmp_path / 'gate', tmp_path / 'out'
    monkeypatch.setenv('GATE', str(gate))
    path = os.pathsep.join([str(REPO), str(REPO / 'tests')])
    command = [sys.executable, '-W', 'ignore', '-m', 'wsml_mm.cli.compare',
               *configs(folder, 'an', 'slow'), '--seeds', '1', '2', '--work-dir', str(out),
               *options]  # fmt: skip
    started = subprocess.Popen(
        command,
        env={**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    due = 2 if options else 1
    deadline = time.monotonic() + 200
    while len(list(out.glob('slow_?/waiting'))) < due or len(list(out.glob('an_?/result*'))) < 2:
        assert time.monotonic() < deadline
        assert started.poll() is None, started.communicate()
        time.sleep(0.1)
    waiting = [int(path.read_text()) for path in out.glob('slow_?/waiting')]
    begin = time.monotonic()
    os.kill(started.pid, signal.SIGINT)
    _, errors = started.communicate(timeout=20)
    assert time.monotonic() - begin < 15  # about a second, on a machine that does nothing else
    assert started.returncode == 130
    last = errors.strip().splitlines()[-1]
    assert last.startswith('interrupted: 2 of 4 runs are finished and kept in ')
    assert 'Traceback' not in errors
    for pid in waiting:
        with pytest.raises(ProcessLookupError):
            os.killpg(pid, 0)  # its loader processes as well
    assert len(load_results(out)) == 2

    stamps = {p: p.stat().st_mtime_ns for p in out.glob('an_?/result.json')}
    gate.touch()
    outcome = run_comparison(methods(folder, 'an', 'slow'), [1, 2], out)
    assert len(outcome.results) == 4
    assert {p: p.stat().st_mtime_ns for p in stamps} == stamps


def test_two_comparisons_in_one_folder(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(run_folders, '_PATIENCE', 0.0)
    with (
        claimed(tmp_path),
        pytest.raises(ValueError, match=r'another comparison is running there; .*--work-dir'),
    ):
        run_comparison(methods(folder, 'an'), [1], tmp_path)
    with claimed(tmp_path):  # it is free again
        pass


@pytest.mark.parametrize(
    ('names', 'words'),
    [
        (['../an'], "method '../an': its runs would lie outside the work folder"),
        (['a/b'], "method 'a/b'"),
        (['..'], "method '..'"),
        ([''], "method ''"),
        (
            ['A b', 'a-b'],
            "methods 'A b' and 'a-b': their runs would share the folder a-b_SEED",
        ),
        (['AN', 'an'], "methods 'AN' and 'an': their runs would share the folder an_SEED"),
        (['/tmp/an'], "method '/tmp/an': its runs would lie outside the work folder"),
        (['a\nb'], r"method 'a\\nb': holds a control sign"),
    ],
)
def test_names_that_are_refused(names, words):
    with pytest.raises(ValueError, match='^' + words.replace('.', r'\.')) as error:
        check_names([Entry(name, 'x.py') for name in names], [1])
    assert '\n' not in str(error.value)


@pytest.mark.parametrize(
    ('options', 'words'),
    [
        (['--jobs', '0'], 'argument --jobs: 0: give a number of runs at a time, at least 1'),
        (['--jobs', 'x'], 'argument --jobs: x: give a number'),
        (['--seeds', '-1'], 'argument --seeds: -1: a seed is an integer of 0..4294967295'),
        (['--seeds', '1', '2', '1'], '--seeds names 1 twice; once is enough'),
        (['--devices', '0', '0'], '--devices names 0 twice; once is enough'),
    ],
)
def test_options_that_are_refused(options, words, capsys):
    with pytest.raises(SystemExit, match='2'):
        compare.parse_args(['c.py', '--work-dir', 'w', *options])
    assert words in capsys.readouterr().err.splitlines()[-1]


def test_the_same_for_callers_without_a_parser():
    with pytest.raises(ValueError, match='jobs=0'):
        Execution(jobs=0)
    with pytest.raises(ValueError, match='devices='):
        Execution(devices=['0', '0'])
    for seeds in ([1, 1], [-1], [2**32], []):
        with pytest.raises(ValueError, match='seeds'):
            check_names([Entry('a', 'x.py')], seeds)


def test_finished_runs_of_other_data_are_refused_before_any_training(folder, tmp_path):
    kit, out = tmp_path / 'kit', tmp_path / 'out'
    shutil.copytree(folder / 'devkit', kit)
    options = {f'{name}_dataloader.dataset.dataset.data_root': str(kit)
               for name in ('train', 'val', 'test')}  # fmt: skip
    run_comparison(methods(folder, 'an'), [1], out, options)
    outcome = run_comparison(methods(folder, 'an'), [1], out)  # data elsewhere, the same
    assert len(outcome.results) == 1
    path = kit / 'ImageSets/Main/cat_val.txt'
    text = path.read_text()
    path.write_text(text.replace(' 1\n', ' -1\n', 1))
    with pytest.raises(ValueError, match=r'an_1: holds a run with other val full labels, test lab'):
        run_comparison(methods(folder, 'an'), [2, 1], out, options)
    assert not (out / 'an_2').exists()
    path.write_text(text)
    run_comparison(methods(folder, 'an'), [1], out, options)
    with pytest.raises(ValueError, match=r'an_1: train labels.* changed since this'):
        run_once(*methods(folder, 'an'), 1, out / 'an_1', options, None, {'train labels': 'before'})
