"""Compares methods over seeds: trains all, tests each at its best and last epoch, tabulates."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import shlex
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import torch
from mmengine.config import DictAction
from mmpretrain.registry import DATASETS

from wsml_mm.comparison import Method, draw_curves, read_methods, run_once, write_tables
from wsml_mm.comparison.runs import seeded_config
from wsml_mm.comparison.table import METRIC

from .options import LOADERS

Task = tuple[Method, int, str, dict[str, Any] | None]


def add_comparison_options(parser: argparse.ArgumentParser, needs_work_dir: bool = True) -> None:
    """Adds what every tool takes that trains methods and compares them."""
    parser.add_argument('configs', nargs='+', help='a config a method, FILE or NAME=FILE')
    parser.add_argument('--seeds', nargs='+', type=int, default=[1200], help='of labels + training')
    parser.add_argument(
        '--work-dir', required=needs_work_dir, help='folder for runs, tables and figures'
    )
    parser.add_argument('--jobs', type=int, default=1, help='runs at a time')
    parser.add_argument('--title', default='', help='of the figure')
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, help='settings to override')


def add_baseline_option(parser: argparse.ArgumentParser) -> None:
    """Adds --baseline, for `chosen_baseline`."""
    parser.add_argument('--baseline', help='method that others are compared with; default: first')


def chosen_baseline(name: str | None, methods: Sequence[Method]) -> str:
    """Returns the method that others are compared with.

    Raises:
        SystemExit: if it is none of them.
    """
    names = [m.name for m in methods]
    if name is not None and name not in names:
        raise SystemExit(f'--baseline {name}: not one of {names}')
    return name or names[0]


def parse_args(argv: Sequence[str] | None = None) -> argparse.Namespace:
    """Parses the command line."""
    parser = argparse.ArgumentParser(description='Compare methods of one protocol over seeds')
    add_comparison_options(parser)
    add_baseline_option(parser)
    return parser.parse_args(argv)


def prepare(methods: Sequence[Method], seed: int, options: dict[str, Any] | None) -> None:
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
    methods: Sequence[Method],
    seeds: Sequence[int],
    root: Path,
    jobs: int = 1,
    options: dict[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Trains and tests every method with every seed; returns the results, method by method.

    Finished runs below `root` are kept, an interrupted one is resumed.

    Args:
        methods: of `read_methods`.
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


def spelled(tool: str, argv: Sequence[str] | None) -> str:
    """Returns the command line of a tool, to be written beside what it makes."""
    return shlex.join(['python', f'tools/{tool}.py', *(sys.argv[1:] if argv is None else argv)])


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    methods = read_methods(args.configs)
    baseline = chosen_baseline(args.baseline, methods)
    root = Path(args.work_dir)
    results = run_comparison(methods, args.seeds, root, args.jobs, args.cfg_options)
    print('\n' + write_tables(results, root, baseline, spelled('compare', argv)))
    draw_curves(results, root / 'mAP_by_epoch', args.title)
    print(f'Tables, figure and configs: {root}')


if __name__ == '__main__':
    main()
