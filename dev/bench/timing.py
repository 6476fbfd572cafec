"""Two pieces of code timed in alternation, and work measured in a process of its own."""

from __future__ import annotations

import gc
import json
import multiprocessing
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent.parent


def finished() -> float:
    """Returns the time at which the GPU has done all that was asked of it."""
    torch.cuda.synchronize()
    return time.perf_counter()


CLOCKS = {'cpu': time.process_time, 'wall': time.perf_counter, 'gpu': finished}


@dataclass
class Settings:
    """What the command line says about all measurements.

    Args:
        clock: 'cpu' seconds of this process, which other work on the machine hardly moves, 'wall',
            or 'gpu', which waits for a GPU.
        device: of the losses and of plain loops; a Runner takes a GPU wherever there is one.
        alone: leave out the rival: another tree's code is.
        rounds: pairs of a row.
        slice_seconds: the least time of one sample.
    """

    clock: str = 'cpu'
    device: str = 'cpu'
    alone: bool = False
    rounds: int = 9
    slice_seconds: float = 0.05


SETTINGS = Settings()


@dataclass
class Measured:
    """Samples of ours and, pair by pair, of the rival; of an amount only ours."""

    ours: list[float]
    rival: list[float] = field(default_factory=list)

    def samples(self) -> list[float]:
        """Returns ratios ours / rival of each pair, or the amounts."""
        if not self.rival:
            return self.ours
        return [ours / rival for ours, rival in zip(self.ours, self.rival, strict=True)]

    def value(self) -> float:
        """Returns the median."""
        return statistics.median(self.samples())


def in_turns(
    ours: Callable[[], float], rival: Callable[[], float], rounds: int | None = None
) -> Measured:
    """Calls two functions that return their own seconds; each round swaps which one comes first.

    Args:
        ours: e.g. trains, and tells the time without its start.
        rival: likewise.
        rounds: pairs; None: as set for all.
    """
    found = Measured([], [])
    each = [(ours, found.ours), (rival, found.rival)]
    for number in range(rounds or SETTINGS.rounds):
        for call, seconds in each if number % 2 == 0 else each[::-1]:
            seconds.append(call())
    return found


def alternate(
    ours: Callable[[], object],
    rival: Callable[[], object],
    rounds: int | None = None,
    clock: Callable[[], float] | None = None,
) -> Measured:
    """Times two functions in turns; each round swaps which one comes first.

    Args:
        ours: called often enough to fill a slice of time.
        rival: likewise.
        rounds: pairs; None: as set for all.
        clock: None: as set for all.
    """
    clock, found = clock or CLOCKS[SETTINGS.clock], Measured([], [])
    if SETTINGS.alone:
        rival = _nothing
    each = [(ours, found.ours), (rival, found.rival)]
    gc.collect()
    counts = {id(call): _repeats(call, clock) for call, _ in each}
    for round_ in range(rounds or SETTINGS.rounds):
        for call, times in each if round_ % 2 == 0 else each[::-1]:
            times.append(_sample(call, counts[id(call)], clock))
    return found


def _nothing() -> None:
    pass


def _repeats(call: Callable[[], object], clock: Callable[[], float]) -> int:
    call()  # what is only done once
    once = _sample(call, 1, clock)
    return min(10_000, max(1, int(SETTINGS.slice_seconds / max(once, 1e-7))))


def _sample(call: Callable[[], object], count: int, clock: Callable[[], float]) -> float:
    gc.disable()
    try:
        begin = clock()
        for _ in range(count):
            call()
        return (clock() - begin) / count
    finally:
        gc.enable()


def alone(function: Callable[..., dict[str, float]], *args: Any) -> dict[str, float]:
    """Runs a module's function in a fresh process and returns what it found.

    Its memory is then its own. 'peak_mb' is added: how far memory went above that at its start.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context('spawn')) as pool:
        return pool.submit(_with_peak, function, args).result()


def _with_peak(
    function: Callable[..., dict[str, float]], args: tuple[Any, ...]
) -> dict[str, float]:
    before, clock = resident(), time.process_time()
    found = function(*args)
    found.setdefault('cpu_s', time.process_time() - clock)
    return {**found, 'peak_mb': peak() - before}


def resident(name: str = 'Rss') -> float:
    """Returns a field of this process's memory in MB (Linux)."""
    for line in Path('/proc/self/smaps_rollup').read_text().splitlines():
        if line.startswith(f'{name}:'):
            return int(line.split()[1]) / 1024
    raise ValueError(name)


def peak() -> float:
    """Returns the most memory this process has had, in MB (Linux)."""
    return int(Path('/proc/self/status').read_text().split('VmHWM:')[1].split()[0]) / 1024


def child(*arguments: str, tree: Path = ROOT) -> dict[str, Any]:
    """Runs Python with a tree's package; returns the JSON of its last line, and its CPU seconds."""
    path = os.pathsep.join([str(tree), str(ROOT / 'dev'), str(ROOT / 'tests')])
    environment = {**os.environ, 'PYTHONPATH': path, 'OMP_NUM_THREADS': '1'}
    before = os.times()
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', *arguments],
        env=environment,
        cwd=tree,  # which -m puts before all other places
        capture_output=True,
        text=True,
        check=False,
    )
    after = os.times()
    if done.returncode:
        sys.exit(f'{" ".join(arguments)[:200]}\n{done.stderr[-2000:]}')
    cpu = after.children_user + after.children_system
    cpu -= before.children_user + before.children_system
    lines = [line for line in done.stdout.splitlines() if line.startswith('{')]
    return {**(json.loads(lines[-1]) if lines else {}), 'process_s': cpu}
