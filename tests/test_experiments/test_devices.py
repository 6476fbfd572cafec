"""Worker processes with a fake device each: what they see, hold, and leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from helpers import REPO
from run_jobs import hold_device, wait_for_ever, where_am_i

import wsml_mm
from wsml_mm.experiments.devices import last_line, run_here, run_in_workers
from wsml_mm_cli import worker_server


def ended(pid, within=2.0):
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def test_each_worker_keeps_a_device_of_its_own_also_after_a_failure(tmp_path, monkeypatch):
    monkeypatch.delenv('CUDA_VISIBLE_DEVICES', raising=False)
    fails = {1: 'raise', 3: 'die'}
    tasks = [(str(tmp_path), n, fails.get(n)) for n in range(8)]
    events = list(run_in_workers(hold_device, tasks, ['4', 'GPU-7']))
    assert sorted(done.number for done in events) == list(range(8))
    by_number = {done.number: done for done in events}
    assert by_number[1].why == 'ValueError: number 1'
    assert 'SIGKILL' in by_number[3].why
    answers = [done.answer for done in events if done.why is None]
    assert {device for device, _ in answers} == {'4', 'GPU-7'}
    # One process a device, and one in place of the one that died.
    assert len(set(answers)) in (2, 3)
    assert 'CUDA_VISIBLE_DEVICES' not in os.environ
    assert all(ended(pid) for _, pid in answers)


def test_workers_see_the_environment_of_now(tmp_path, monkeypatch):
    """Also forked ones, whose server may have started long before."""
    for device in '89':
        monkeypatch.setenv('CUDA_VISIBLE_DEVICES', device)
        tasks = [(str(tmp_path), 0, None)]
        (done,) = run_in_workers(hold_device, tasks, [None])
        assert done.answer[0] == device


@pytest.mark.skipif(not worker_server.is_possible(), reason='a GPU: workers are not forked')
def test_workers_are_forked_from_one_process_with_the_package_of_this_one(tmp_path):
    tasks = [str(tmp_path / 'a'), str(tmp_path / 'b')]
    events = run_in_workers(where_am_i, tasks, [None, None])
    found = {done.answer for done in events}
    assert len({parent for parent, _ in found}) == 1
    assert {package for _, package in found} == {wsml_mm.__file__}
    assert {parent for parent, _ in found} != {os.getpid()}


def test_workers_end_within_a_second_when_nobody_wants_more(tmp_path):
    tasks = [str(tmp_path)] * 3
    with closing(run_in_workers(wait_for_ever, tasks, [None, None])) as events:
        events_started = _begin(events, tmp_path)
        begin = time.monotonic()
    assert events_started == 2  # the third has not begun
    assert time.monotonic() - begin < 1.5
    assert all(ended(int(path.name)) for path in tmp_path.iterdir())


def _begin(events, folder):
    """Starts the iteration, and interrupts it as Ctrl-C does once both workers are busy."""

    def interrupt():
        while len(list(folder.iterdir())) < 2:
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        next(events)
    return len(list(folder.iterdir()))


def test_in_this_process(tmp_path, monkeypatch):
    monkeypatch.setenv('CUDA_VISIBLE_DEVICES', '3')
    found = list(run_here(hold_device, [(str(tmp_path), n, 'raise' * n) for n in (0, 1)]))
    assert found[0].answer == ('3', os.getpid())
    assert found[1].why == 'ValueError: number 1'
    assert isinstance(found[1].error, ValueError)


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (ValueError('a\n  b\n'), 'ValueError: b'),
        (KeyError('x'), "KeyError: 'x'"),
        (RuntimeError(), 'RuntimeError'),
    ],
)
def test_last_line(error, line):
    assert last_line(error) == line


def test_workers_end_with_a_parent_that_was_killed(tmp_path):
    script = (
        'from run_jobs import wait_for_ever\n'
        'from wsml_mm.experiments.devices import run_in_workers\n'
        "if __name__ == '__main__':\n"
        f'    next(run_in_workers(wait_for_ever, [{str(tmp_path / "up")!r}], [None]))\n'
    )
    (tmp_path / 'up').mkdir()
    (tmp_path / 'parent.py').write_text(script)
    path = os.pathsep.join([str(REPO), str(REPO / 'tests')])
    parent = subprocess.Popen(
        [sys.executable, '-W', 'ignore', str(tmp_path / 'parent.py')],
        env={**os.environ, 'PYTHONPATH': path},
    )
    while not list((tmp_path / 'up').iterdir()):
        assert parent.poll() is None
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    (worker,) = (tmp_path / 'up').iterdir()
    assert ended(int(worker.name), within=20)
