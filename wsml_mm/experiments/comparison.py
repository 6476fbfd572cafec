"""Trains and tests every method with every seed, several runs at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmpretrain.registry import DATASETS

from wsml_mm.labels.contents import Contents

from .configs import LOADERS
from .data_digests import DataDigests
from .entries import Entry, seeded_config, whole_config, with_seed
from .execution import Execution, Outcome, Task, execute
from .identity import identity
from .run_folders import check_file_name, claimed, method_key, same_file_name
from .runs import check_folder

CONTENTS_FILE = '.contents.json'  # of a work folder, what is known of images and weights


def prepare(methods: Sequence[Entry], seed: int, options: dict[str, Any] | None) -> None:
    """Builds every dataset once, so that downloads, drawings and features show their progress."""
    seen: set[str] = set()
    for method in methods:
        cfg = seeded_config(method, seed, options)
        for name in LOADERS:
            if cfg.get(name) is not None and str(cfg[name].dataset) not in seen:
                seen.add(str(cfg[name].dataset))
                DATASETS.build(cfg[name].dataset)


def run_folder(root: Path, method: str, seed: int) -> Path:
    """Returns the folder of one run of a comparison."""
    return root / f'{method_key(method)}_{seed}'


def check_names(methods: Sequence[Entry], seeds: Sequence[int]) -> None:
    """Refuses names and seeds that do not give every run a folder of its own.

    Raises:
        ValueError: naming the method or seed.
    """
    keys = [method_key(method.name) for method in methods]
    for method, key in zip(methods, keys, strict=True):
        check_file_name(key, f'method {method.name!r}')
    if twins := same_file_name(keys):
        first, second = (methods[place].name for place in twins)
        raise ValueError(
            f'methods {first!r} and {second!r}: their runs would share the folder '
            f'{keys[twins[0]]}_SEED; rename one'
        )
    if not seeds or len(set(seeds)) < len(seeds) or not 0 <= min(seeds) <= max(seeds) < 2**32:
        raise ValueError(f'seeds {list(seeds)}: name each once, integers of 0..4294967295')


def run_comparison(
    methods: Sequence[Entry],
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None = None,
    execution: Execution | None = None,
    contents: Path | None = None,
) -> Outcome:
    """Trains and tests every method with every seed.

    Finished runs below `root` are kept, an interrupted one is resumed. Before anything is trained
    every folder is checked for a run of other data or settings.

    Args:
        methods: of `read_entries`.
        seeds: of observed labels and training.
        root: folder; one run is in `run_folder(root, method, seed)`.
        options: config settings to override, as --cfg-options.
        execution: how many at a time, where, and what happens after a failure.
        contents: file of `Contents`, where several comparisons share it; None: one in `root`.

    Raises:
        ValueError: if a name, seed or run folder is refused, or another comparison is running.
        RunError: if a run failed, with `keep_going` only if all did.
        Interrupted: after Ctrl-C.
    """
    execution = execution or Execution()
    check_names(methods, seeds)
    with claimed(root):
        prepare(methods, seeds[0], options)
        tasks = plan(methods, seeds, root, options, contents or root / CONTENTS_FILE)
        return execute(tasks, execution, root)


def plan(
    methods: Sequence[Entry],
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None,
    contents: Path,
    digests: DataDigests | None = None,
) -> list[Task]:
    """Returns the runs of a comparison, each with its identity, and writes their configs.

    Args:
        methods: of `read_entries`.
        seeds: of observed labels and training.
        root: folder of the comparison.
        options: config settings to override.
        contents: file of `Contents`.
        digests: what is known of the data from earlier calls; None: of `contents`.

    Raises:
        ValueError: if a folder holds another run.
    """
    digests, tasks = digests or DataDigests(Contents(contents)), []
    (root / 'configs').mkdir(parents=True, exist_ok=True)
    for method in methods:
        path = root / 'configs' / f'{method_key(method.name)}.py'
        whole = whole_config(method, options)
        with_seed(whole, method, seeds[0]).dump(path)
        for seed in seeds:
            own = identity(with_seed(whole, method, seed), digests)
            folder = run_folder(root, method.name, seed)
            check_folder(folder, own)
            tasks.append(Task(method, seed, folder, options, contents, own))
    digests.contents.save()
    return tasks
