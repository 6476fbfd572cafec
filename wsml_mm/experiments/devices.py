"""Worker processes: one a slot, each with a device of its own, ended within a second."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
import time
import traceback
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, Generic, TypeVar

import torch

from wsml_mm_cli import worker_server

Task = TypeVar('Task')
Answer = TypeVar('Answer')

_GRACE = 0.5  # seconds between asking a worker to end and ending it


@dataclass(frozen=True)
class Done(Generic[Answer]):
    """What became of a task.

    Args:
        number: of the task.
        answer: of the work; None: it failed.
        why: last line of the error; None: it did not fail.
        error: the error itself, where the work was done in this process.
    """

    number: int
    answer: Answer | None = None
    why: str | None = None
    error: BaseException | None = None


def last_line(error: BaseException) -> str:
    """Returns an error's kind and the last line of its text, which says what was wrong."""
    text = ''.join(traceback.format_exception_only(error)).strip().splitlines()[-1].strip()
    kind = type(error).__name__
    return text if kind in text else f'{kind}: {text}'


def run_here(
    work: Callable[[Task], Answer], tasks: Sequence[Task]
) -> Generator[Done[Answer], None, None]:
    """Does tasks one after the other in this process; yields what became of each."""
    for number, task in enumerate(tasks):
        try:
            yield Done(number, work(task))
        except Exception as error:
            yield Done(number, why=last_line(error), error=error)


def run_in_workers(
    work: Callable[[Task], Answer], tasks: Sequence[Task], devices: Sequence[str | None]
) -> Generator[Done[Answer], None, None]:
    """Does tasks in worker processes, in order; yields what became of each, as they end.

    A worker does one task after the other and keeps its device, also after a task that failed; one
    that died is replaced. Where the iteration ends early, by `close()` or an exception such as
    Ctrl-C, no further task begins and all workers are ended with what they have started.

    Args:
        work: a function of a module, which a spawned process imports.
        tasks: its arguments; they are pickled.
        devices: CUDA_VISIBLE_DEVICES of each worker; None leaves it as it is.
    """
    threads = max(1, (os.cpu_count() or 1) // len(devices))
    slots = [_Slot(device, work, threads) for device in devices[: len(tasks)]]
    waiting = list(enumerate(tasks))[::-1]
    try:
        for slot in slots:
            slot.begin(*waiting.pop())
        while busy := {slot.pipe: slot for slot in slots if slot.number is not None}:
            for pipe in wait(list(busy)):
                slot = busy[pipe]  # type: ignore[index]
                done = slot.take()
                if waiting:
                    slot.begin(*waiting.pop())
                yield done
    finally:
        _end([slot.process for slot in slots if slot.process is not None])


class _Slot:
    """A place for one worker at a time, with its device."""

    def __init__(self, device: str | None, work: Callable[[Any], Any], threads: int) -> None:
        self.device, self.work, self.threads = device, work, threads
        self.process: Any = None
        self.pipe: Any = None
        self.number: int | None = None

    def begin(self, number: int, task: Any) -> None:
        if self.process is None:
            self._start()
        self.number = number
        with contextlib.suppress(OSError):  # it has died: `take` says so
            self.pipe.send(task)

    def take(self) -> Done[Any]:
        """Receives the answer to the task that was begun last."""
        assert self.number is not None
        number, self.number = self.number, None
        try:
            answer, why = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join()
            code, self.process = self.process.exitcode, None
            reason = signal.Signals(-code).name if code < 0 else f'exit status {code}'
            why = f'the worker process ended by itself ({reason}; SIGKILL: out of memory?)'
            return Done(number, why=why)
        return Done(number, answer, why)

    def _start(self) -> None:
        context = _context(self.device)
        self.pipe, theirs = context.Pipe()
        # CUDA reads the variable with the first import that asks for a GPU.
        visible = worker_server.environment('CUDA_VISIBLE_DEVICES', self.device)
        with visible, worker_server.no_interrupt():
            arguments = (theirs, self.work, self.threads, dict(os.environ))
            self.process = context.Process(target=_serve, args=arguments)
            self.process.start()
        theirs.close()


def _context(device: str | None) -> Any:
    """Returns how a worker is started: forked from a process that has imported all, or anew."""
    if device is None and worker_server.is_possible() and not torch.cuda.is_available():
        worker_server.start()
        return multiprocessing.get_context('forkserver')
    return multiprocessing.get_context('spawn')  # CUDA does not survive a fork


def _serve(
    pipe: Connection,
    work: Callable[[Any], Any],
    threads: int,
    environment: Mapping[str, str],
) -> None:
    """Does what comes through a pipe until that is closed; the life of a worker."""
    os.setpgid(0, 0)  # loader processes end together with their worker
    os.environ.clear()  # a forked worker has that of the process it was forked from
    os.environ.update(environment)
    threading.Thread(target=_follow_parent, daemon=True).start()
    torch.set_num_threads(threads)
    while True:
        try:
            task = pipe.recv()
        except EOFError:
            return
        try:
            answer, why = work(task), None
        except BaseException as error:
            answer, why = None, last_line(error)
        pipe.send((answer, why))


def _follow_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None
    wait([parent.sentinel])
    os.killpg(os.getpgrp(), signal.SIGKILL)


def _end(processes: Sequence[Any]) -> None:
    """Ends workers and the processes that they have started."""
    for process in processes:
        _signal(process, signal.SIGTERM)
    deadline = time.monotonic() + _GRACE
    for process in processes:
        process.join(max(0.0, deadline - time.monotonic()))
    for process in processes:
        _signal(process, signal.SIGKILL)
        process.join()


def _signal(process: Any, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        # Before it leads a group of its own it has started nothing.
        own = process.is_alive() and os.getpgid(process.pid) != process.pid
        os.kill(process.pid, number) if own else os.killpg(process.pid, number)
