"""Names of run folders, and the lock of a work folder: held by whom, and for how long."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import time
from pathlib import Path

import pytest
from mmengine.config import Config

from wsml_mm.experiments import run_folders
from wsml_mm.experiments.run_folders import (
    check_file_name,
    claimed,
    claimed_by_training,
    same_file_name,
)
from wsml_mm.experiments.training import train


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(run_folders, '_PATIENCE', 0.0)


@pytest.mark.parametrize(
    ('name', 'words'),
    [
        ('a/b', 'outside the work folder'),
        ('/etc', 'outside the work folder'),
        ('..', 'outside the work folder'),
        ('.', 'outside the work folder'),
        ('', 'outside the work folder'),
        ('a\\b', 'outside the work folder'),
        ('a\0', 'outside the work folder'),
        ('a\nb', 'holds a control sign'),
        ('a\x1b[2J', 'holds a control sign'),
        ('a\u202eb', 'holds a control sign'),  # text that runs from right to left
        ('x' * 201, 'too long'),
        ('\N{SNOWMAN}' * 67, 'too long'),
    ],
)
def test_names_that_are_refused(name, words):
    with pytest.raises(ValueError, match=rf'^method: .*{words}.*; rename$'):
        check_file_name(name, 'method')


@pytest.mark.parametrize('name', ['ll-r', 'LL R', '..a', 'é', 'a.b', 'x' * 200])
def test_names_that_are_taken(tmp_path, name):
    check_file_name(name, 'method')
    (tmp_path / name).mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ('names', 'twins'),
    [
        (['a', 'b', 'a'], (0, 2)),
        (['AN', 'an'], (0, 1)),
        (['\u00e9', 'e\u0301'], (0, 1)),
        (['stra\N{LATIN SMALL LETTER SHARP S}e', 'STRASSE'], (0, 1)),
        (['a', 'a.', 'a-', '-a'], None),
    ],
)
def test_names_of_one_folder(names, twins):
    assert same_file_name(names) == twins


def _hold(folder: str, child: bool) -> None:
    with claimed(folder):
        if child and os.fork() == 0:  # as a loader process
            time.sleep(30)
        Path(folder, 'held').write_text(str(os.getpid()))
        time.sleep(60)


def _holder(folder, child=False):
    process = multiprocessing.get_context('fork').Process(target=_hold, args=(str(folder), child))
    process.start()
    while not (folder / 'held').exists():
        assert process.is_alive()
        time.sleep(0.01)
    return process


def test_a_second_training_is_refused_and_a_killed_holder_is_forgotten(tmp_path):
    process = _holder(tmp_path)
    cfg = Config(dict(work_dir=str(tmp_path)))
    with pytest.raises(ValueError, match=r'another training is running there; wait .*--work-dir'):
        train(cfg)
    with pytest.raises(ValueError, match='another comparison'), claimed(tmp_path):
        pass
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    with claimed(tmp_path):
        pass
    with claimed(tmp_path):  # and again, after an end without a kill
        pass


def test_a_claim_ends_with_an_error(tmp_path):
    with pytest.raises(KeyError), claimed(tmp_path):
        raise KeyError
    with claimed(tmp_path):
        pass


def test_runs_of_a_comparison_are_not_in_its_way(tmp_path):
    with claimed(tmp_path), claimed(tmp_path / 'an_1', 'training'):
        for held in (tmp_path, tmp_path / 'an_1'):
            with pytest.raises(ValueError, match=re.escape(f'{held}: another')), claimed(held):
                pass


@pytest.mark.parametrize(
    ('launcher', 'variable'),
    [('pytorch', 'RANK'), ('slurm', 'SLURM_PROCID'), ('mpi', 'OMPI_COMM_WORLD_RANK')],
)
def test_the_first_rank_holds_the_folder_for_all(tmp_path, monkeypatch, launcher, variable):
    cfg = Config(dict(work_dir=str(tmp_path), launcher=launcher))
    monkeypatch.setenv(variable, '0')
    with claimed_by_training(cfg):
        monkeypatch.setenv(variable, '1')
        with claimed_by_training(cfg):
            pass
        monkeypatch.setenv(variable, '0')
        with pytest.raises(ValueError, match='another training'), claimed_by_training(cfg):
            pass


def test_a_variable_of_a_cluster_does_not_count_without_a_launcher(tmp_path, monkeypatch):
    monkeypatch.setenv('RANK', '1')
    cfg = Config(dict(work_dir=str(tmp_path)))
    with claimed_by_training(cfg), pytest.raises(ValueError, match='another'), claimed(tmp_path):
        pass


@pytest.mark.parametrize('error', [NotImplementedError('no flock'), OSError(37, 'No locks')])
def test_a_disk_without_locks_is_warned_of(tmp_path, monkeypatch, error):
    def refuse(*args, **kwargs):
        raise error

    monkeypatch.setattr(run_folders.FileLock, 'acquire', refuse)
    with pytest.warns(UserWarning, match='no locks; start no second'), claimed(tmp_path):
        pass


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / 'file').touch()
    with (
        pytest.raises(OSError, match=r'file/w: cannot be written \(Not a .*give another --work'),
        claimed(tmp_path / 'file' / 'w'),
    ):
        pass
