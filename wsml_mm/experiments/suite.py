"""Several data sets and protocols by several methods and seeds, as one set of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from wsml_mm.labels.contents import Contents

from .comparison import CONTENTS_FILE, check_names, plan, prepare
from .compose import choose
from .data_digests import DataDigests
from .entries import Entry, read_entries, seeded_config
from .execution import Execution, Task, execute
from .grid import Grid
from .results import RunResult
from .run_folders import claimed, protocol_folder, same_file_name
from .tuning import Tuned, tune, tuning_tasks

_IN_WORDS = 'ValueError: '


@dataclass(frozen=True)
class Part:
    """One protocol of a suite: a data set, a network and a schedule.

    Args:
        name: 'voc2012/resnet50_e2e', as the config's `protocol.name`.
        data: key of the data set, `protocol.data`.
        title: of it, for headings.
        entries: what runs under it.
        refused: title of a method -> why it cannot run under it.
    """

    name: str
    data: str
    title: str
    entries: list[Entry]
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def folder(self) -> str:
        """The folder of its runs, below that of the suite."""
        return protocol_folder(self.name)


@dataclass(frozen=True)
class PartResult:
    """What came out of one protocol.

    Args:
        part: the protocol.
        results: finished runs, method by method.
        refused: title of a method -> why it does not run here: found while planning, or by its
            own training before the first step.
        failures: what is said of other runs that failed.
        tuned: title of a method -> what was chosen for it; none without a grid.
    """

    part: Part
    results: list[RunResult]
    refused: dict[str, str]
    failures: list[str]
    tuned: dict[str, Tuned] = field(default_factory=dict)


def read_suite(
    configs: Sequence[str],
    methods: Sequence[str],
    upper_bound: bool = False,
    partial_validation: bool = True,
    options: dict[str, Any] | None = None,
) -> list[Part]:
    """Returns the protocols of a suite, each with the methods that can run under it.

    Args:
        configs: names of protocols.
        methods: keys or files, or 'all' for those that come with the package.
        upper_bound: add AN with full labels, where all are known.
        partial_validation: see `Entry`.
        options: settings to override, as --cfg-options.

    Raises:
        FileNotFoundError: if there is no such config or method.
        ValueError: if two protocols would share a folder, or none of the methods can run.
    """
    parts = []
    for config in configs:
        wanted = read_entries([config], methods, upper_bound)
        entries, refused, cfg = [], {}, None
        for entry in wanted:
            entry = replace(entry, partial_validation=partial_validation)
            try:
                cfg = seeded_config(entry, 0, options)
            except ValueError as error:
                refused[entry.name] = ' '.join(str(error).split())
            else:
                entries.append(entry)
        if cfg is None:
            raise ValueError(f'{config}: no method can run: {"; ".join(refused.values())}')
        own = cfg.get('protocol') or {}
        name = own.get('name') or Path(choose(config).config).stem
        title = own.get('title') or name
        parts.append(Part(name, own.get('data') or name, title, entries, refused))
    if twins := same_file_name([part.folder for part in parts]):
        raise ValueError(f'{parts[twins[0]].name}: two protocols of that name; name each once')
    return parts


def run_suite(
    parts: Sequence[Part],
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None = None,
    execution: Execution | None = None,
    grid: Grid | None = None,
    tune_seeds: Sequence[int] = (),
    tune_on: str = 'full',
) -> list[PartResult]:
    """Trains and tests every method under every protocol with every seed.

    Finished runs below `root` are kept, an interrupted one is resumed; all runs share the devices.
    A run that fails never stops the others. With a grid every method first tries its points,
    without a test set, and only the one with the best validation is trained for the tables.

    Args:
        parts: of `read_suite`.
        seeds: of observed labels and training.
        root: folder; the runs of a protocol are in a folder of its name.
        options: config settings to override, as --cfg-options.
        execution: how many runs at a time, and where.
        grid: points to try; None: the numbers of the papers.
        tune_seeds: of the points.
        tune_on: validation labels that choose the point: 'full', or 'observed', those as poor as
            the training's.

    Raises:
        ValueError: if a name, seed or run folder is refused, or another suite is running there.
        RunError: if all runs failed.
        Interrupted: after Ctrl-C.
    """
    execution = replace(execution or Execution(), keep_going=True)
    for part in parts:
        check_names(part.entries, seeds)
    contents = root / CONTENTS_FILE
    with claimed(root):
        for part in parts:
            prepare(part.entries, seeds[0], options)
        digests = DataDigests(Contents(contents))
        tuned: dict[tuple[str, str], Tuned] = {}
        refused: dict[tuple[str, str], str] = {}
        if grid is not None:
            check_names([], tune_seeds)
            places = {part.name: part.entries for part in parts}
            points = tuning_tasks(places, grid, tune_seeds, root, options, contents, digests)
            tuned, refused = tune(points, execution, root, tune_on)
        tasks: list[tuple[str, Task]] = []
        for part in parts:
            for entry in part.entries:
                if (part.name, entry.name) in refused:
                    continue
                chosen = tuned.get((part.name, entry.name))
                own = {**(options or {}), **chosen.point.options} if chosen else options
                which = chosen.point.entry if chosen else entry
                folder = root / part.folder
                planned = plan([which], seeds, folder, own, contents, digests)
                tasks += [(part.name, task) for task in planned]
        outcome = execute([task for _, task in tasks], execution, root)
    failed = outcome.failed
    found = {(r.protocol, r.method, r.seed): r for r in outcome.results}
    return [
        _part_result(part, [t for n, t in tasks if n == part.name], found, failed, tuned, refused)
        for part in parts
    ]


def _part_result(
    part: Part,
    tasks: Sequence[Task],
    found: dict[tuple[str, str, int], RunResult],
    failed: Sequence[tuple[Task, str]],
    tuned: dict[tuple[str, str], Tuned],
    refused: dict[tuple[str, str], str],
) -> PartResult:
    keys = [(part.name, task.method.name, task.seed) for task in tasks]
    results = [found[key] for key in keys if key in found]
    ran = {result.method for result in results}
    of_grid = {method: why for (name, method), why in refused.items() if name == part.name}
    own = {**part.refused, **{m: why.removeprefix(_IN_WORDS) for m, why in of_grid.items()}}
    reasons: dict[str, list[str]] = {}
    failures = []
    folders = {task.folder for task in tasks}
    for task, why in failed:
        if task.folder in folders:
            reasons.setdefault(task.method.name, []).append(why)
            failures.append((task, why))
    # Words of our own, with every seed: the method does not go with the protocol.
    own |= {
        method: whys[0].removeprefix(_IN_WORDS)
        for method, whys in reasons.items()
        if method not in ran and all(why.startswith(_IN_WORDS) for why in whys)
    }
    return PartResult(
        part,
        results,
        own,
        [f'{task.name}: {why}' for task, why in failures if task.method.name not in own],
        {method: chosen for (name, method), chosen in tuned.items() if name == part.name},
    )
