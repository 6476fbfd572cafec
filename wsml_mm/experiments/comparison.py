"""Trains and tests every method with every seed, several runs at a time."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from mmpretrain.registry import DATASETS

from .configs import LOADERS
from .entries import Entry, seeded_config
from .results import METRIC
from .runs import run_once

Task = tuple[Entry, int, str, dict[str, Any] | None]


def prepare(methods: Sequence[Entry], seed: int, options: dict[str, Any] | None) -> None:
    """Builds every dataset once, so that downloads, drawings and features show their progress."""
    seen: set[str] = set()
    for method in methods:
        cfg = seeded_config(method, seed, options)
        for name in LOADERS:
            if cfg.get(name) is not None and str(cfg[name].dataset) not in seen:
                seen.add(str(cfg[name].dataset))
                DATASETS.build(cfg[name].dataset)


def run_all(tasks: Sequence[Task], jobs: int) -> Iterator[dict[str, Any]]:
    """Yields the results of runs as they finish, `jobs` processes at a time."""
    if jobs == 1:
        for task in tasks:
            yield run_once(*task)
        return
    threads = max(1, (os.cpu_count() or 1) // jobs)
    with ProcessPoolExecutor(
        jobs, multiprocessing.get_context('spawn'), torch.set_num_threads, (threads,)
    ) as pool:
        for done in as_completed([pool.submit(run_once, *task) for task in tasks]):
            yield done.result()


def run_folder(root: Path, method: str, seed: int) -> Path:
    """Returns the folder of one run of a comparison."""
    return root / f'{_slug(method)}_{seed}'


def _slug(method: str) -> str:
    return method.replace(' ', '-').lower()


def run_comparison(
    methods: Sequence[Entry],
    seeds: Sequence[int],
    root: Path,
    jobs: int = 1,
    options: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Trains and tests every method with every seed; returns the results, method by method.

    Finished runs below `root` are kept, an interrupted one is resumed.

    Args:
        methods: of `read_entries`.
        seeds: of observed labels and training.
        root: folder; one run is in `run_folder(root, method, seed)`.
        jobs: runs at a time.
        options: config settings to override, as --cfg-options.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    (root / 'configs').mkdir(parents=True, exist_ok=True)
    prepare(methods, seeds[0], options)
    tasks: list[Task] = []
    for method in methods:
        seeded_config(method, seeds[0], options).dump(root / 'configs' / f'{_slug(method.name)}.py')
        tasks += [(method, s, str(run_folder(root, method.name, s)), options) for s in seeds]
    results: dict[tuple[str, int], dict[str, Any]] = {}
    with Progress('{task.description}', BarColumn(), MofNCompleteColumn(),
                  TimeRemainingColumn()) as progress:  # fmt: skip
        bar = progress.add_task(f'{len(tasks)} runs', total=len(tasks))
        for result in run_all(tasks, jobs):
            results[result['method'], result['seed']] = result
            progress.advance(bar)
            progress.console.print(
                f'{result["method"]:>12} {result["seed"]}: test mAP '
                f'{result["test_best"][METRIC]:.1f} at best epoch {result["best_epoch"]}, '
                f'{result["test_last"][METRIC]:.1f} at last, {result["seconds"]:.0f} s'
            )
    return [results[m.name, seed] for m in methods for seed in seeds]
