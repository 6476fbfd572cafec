"""Executes the runs of a comparison: how many at a time, where, and what stops them."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from .devices import Done, run_here, run_in_workers
from .entries import Entry
from .identity import Identity
from .results import RESULT_FILE, RunResult, read_result
from .runs import run_once


@dataclass(frozen=True)
class Execution:
    """How the runs of a comparison are executed; nothing here changes a result.

    Args:
        jobs: runs at a time, on each of the devices.
        devices: CUDA_VISIBLE_DEVICES of the runs; none: all runs see what this process sees.
        keep_going: whether the other runs go on where one fails.
    """

    jobs: int = 1
    devices: Sequence[str] = ()
    keep_going: bool = False

    def __post_init__(self) -> None:
        if self.jobs < 1:
            raise ValueError(f'jobs={self.jobs}: at least 1 run at a time')
        if len(set(self.devices)) < len(self.devices):
            raise ValueError(f'devices={list(self.devices)}: name each device once')


class Task(NamedTuple):
    """One run that is due."""

    method: Entry
    seed: int
    folder: Path
    options: dict[str, Any] | None
    contents: Path
    expected: Identity

    @property
    def name(self) -> str:
        """The run as messages name it."""
        return f'{self.method.name}, seed {self.seed} ({self.folder})'


class RunError(RuntimeError):
    """A run failed; the message names method, seed, folder and the last line of the error.

    Args:
        message: one line.
        failures: one text a failed run.
    """

    def __init__(self, message: str, failures: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.failures = list(failures)


class Interrupted(KeyboardInterrupt):
    """A comparison was interrupted; the message says what is kept."""


@dataclass(frozen=True)
class Outcome:
    """What a comparison left: finished runs, method by method, and failed ones with the reason."""

    results: list[RunResult]
    failures: list[str] = field(default_factory=list)
    failed: list[tuple[Task, str]] = field(default_factory=list)  # each with the reason


def run_task(task: Task) -> RunResult:
    """Executes one run; in a worker process, this is what it imports."""
    return run_once(*task)


def execute(tasks: Sequence[Task], execution: Execution, root: Path) -> Outcome:
    """Executes what is due of the runs of a comparison, and reads what is finished.

    Args:
        tasks: all runs, method by method.
        execution: how many at a time, where, and what happens after a failure.
        root: the work folder, for messages.

    Raises:
        RunError: if a run failed; with `keep_going` only if all did.
        Interrupted: after Ctrl-C.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    found: dict[int, RunResult] = {}
    failures: list[str] = []
    failed: list[tuple[Task, str]] = []
    with Progress('{task.description}', BarColumn(), MofNCompleteColumn(),
                  TimeRemainingColumn()) as progress:  # fmt: skip
        bar = progress.add_task(f'{len(tasks)} runs', total=len(tasks))
        try:
            with contextlib.closing(_events(tasks, execution)) as events:
                for done in events:
                    progress.advance(bar)
                    if done.answer is not None:
                        found[done.number] = done.answer
                        progress.console.print(_line(done.answer), highlight=False)
                        continue
                    task = tasks[done.number]
                    failures.append(f'{task.name}: {done.why}')
                    failed.append((task, str(done.why)))
                    progress.console.print(f'failed: {failures[-1]}', markup=False)
                    if not execution.keep_going or len(failures) == len(tasks):
                        stopped = _stopped(failures, len(found), task)
                        raise RunError(stopped, failures) from done.error
        except KeyboardInterrupt as error:
            raise Interrupted(
                f'interrupted: {len(found)} of {len(tasks)} runs are finished and kept in {root}; '
                'the same command goes on from there'
            ) from error
    return Outcome([found[number] for number in sorted(found)], failures, failed)


def _events(tasks: Sequence[Task], execution: Execution) -> Generator[Done[RunResult], None, None]:
    """Yields what became of each task, first of all the finished ones."""
    due = []
    for number, task in enumerate(tasks):
        if (task.folder / RESULT_FILE).is_file():
            yield Done(number, read_result(task.folder / RESULT_FILE))
        else:
            due.append(number)
    left = [tasks[number] for number in due]
    if not left:
        return
    if execution.jobs == 1 and not execution.devices:
        events = run_here(run_task, left)
    else:
        places = [d for d in execution.devices or (None,) for _ in range(execution.jobs)]
        events = run_in_workers(run_task, left, places)
    with contextlib.closing(events):
        for done in events:
            yield Done(due[done.number], done.answer, done.why, done.error)


def _stopped(failures: Sequence[str], finished: int, task: Task) -> str:
    return (
        f'{"; ".join(failures)}; the traceback is in {task.folder / "console.log"}; {finished} '
        'finished runs are kept and no further one was started: correct the error and give the '
        'same command again, or --keep-going to run the others first'
    )


def _line(result: RunResult) -> str:
    if not result.checkpoints:  # nothing was tested
        return (
            f'{result.method:>12} {result.seed}: validation mAP {max(result.validation):.1f} at '
            f'best epoch {result.best_epoch}, {result.seconds:.0f} s'
        )
    return (
        f'{result.method:>12} {result.seed}: test mAP {result.score("best"):.1f} at best epoch '
        f'{result.best_epoch}, {result.score("last"):.1f} at last, {result.seconds:.0f} s'
    )
