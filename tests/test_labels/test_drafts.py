"""Drafts: what a killed writer leaves is removed by the next, and never a live writer's."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time

import pytest

from wsml_mm.labels import drafts, files
from wsml_mm.labels.drafts import draft_prefix, forget_drafts
from wsml_mm.labels.files import write_durably


def _write_slowly(target):
    files.os.fsync = lambda _: time.sleep(60)
    write_durably(target, b'half')


@pytest.fixture
def writer(tmp_path):
    """A process amid writing `tmp_path/m.json`."""
    process = multiprocessing.get_context('fork').Process(
        target=_write_slowly, args=(tmp_path / 'm.json',)
    )
    process.start()
    while not any(path.stat().st_size for path in tmp_path.iterdir()):
        assert process.is_alive()
        time.sleep(0.01)
    yield process
    process.kill()
    process.join()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_killed_writer(tmp_path, writer):
    (draft,) = names(tmp_path)
    write_durably(tmp_path / 'm.json', b'whole')
    assert names(tmp_path) == [draft, 'm.json']  # of a live writer
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    write_durably(tmp_path / 'm.json', b'whole')
    assert names(tmp_path) == ['m.json']


def test_other_files_stay(tmp_path):
    mine = ['.m.json.settings', '.m.json.old', '.m.json', 'm.json.abcdefgh', '.m.json.1-2.x',
            '.m.jsonl.00000000-1.x', '.x.m.json.00000000-1.x']  # fmt: skip
    for name in mine:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    forget_drafts(tmp_path / 'm.json')
    assert names(tmp_path) == sorted(mine)


def test_a_draft_of_another_machine_stays_for_a_day(tmp_path, monkeypatch):
    monkeypatch.setattr(drafts.socket, 'gethostname', lambda: 'elsewhere')
    draft = tmp_path / f'{draft_prefix(tmp_path / "[m] *.json")}abc'
    monkeypatch.undo()
    (draft / 'deep').mkdir(parents=True)
    forget_drafts(tmp_path / '[m] *.json')
    assert draft.is_dir()
    os.utime(draft, (0, 0))
    forget_drafts(tmp_path / '[m] *.json')
    assert not draft.exists()
