"""What a sweep runs: every method at every value of a setting, methods without it once."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from .comparison import CONTENTS_FILE, run_comparison
from .entries import Entry, seeded_config
from .execution import Execution, RunError
from .results import RunResult
from .run_folders import check_file_name, claimed, same_file_name

REFERENCE = ''  # stands for the value of methods that do not have the setting


class Setting(NamedTuple):
    """What a sweep varies.

    Attributes:
        name: in the names of folders and files, and of its column.
        label: of the x axis.
        values: to set.
        overrides: returns the config settings that give a method (its config) a value; none where
            the method does not have the setting.
    """

    name: str
    label: str
    values: Sequence[Any]
    overrides: Callable[[Config, Any], dict[str, Any]]


class Plan(NamedTuple):
    """Methods that run with the same settings, at one value, below one folder."""

    value: str
    folder: str
    methods: list[Entry]
    options: dict[str, Any]


def plan_sweep(
    methods: Sequence[Entry], setting: Setting, options: dict[str, Any] | None = None
) -> list[Plan]:
    """Returns what to run: a folder a value, and `reference` for methods without the setting.

    Args:
        methods: of `read_entries`.
        setting: what varies.
        options: config settings to override in all runs.

    Raises:
        ValueError: if a value is given twice, or cannot name a folder of its own, or no method has
            the setting.
    """
    folders = [_folder(setting.name, value) for value in setting.values]
    if twins := same_file_name(folders):
        first, second = (str(setting.values[place]) for place in twins)
        again = 'names a value twice; once is due'
        if first != second:
            again = f'would keep {first!r} and {second!r} in one folder, {folders[twins[0]]}'
        raise ValueError(f'{setting.name}: {[str(v) for v in setting.values]} {again}')
    check_file_name(setting.name, f'setting {setting.name!r}')
    for value, folder in zip(setting.values, folders, strict=True):
        check_file_name(folder, f'{setting.name} {str(value)[:40]!r}')
    plans: dict[str, Plan] = {}
    for method in methods:
        cfg = seeded_config(method, 0, options)
        for value, folder in zip(setting.values, folders, strict=True):
            own = setting.overrides(cfg, value)
            plan = Plan(str(value), folder, [], {**(options or {}), **own})
            if not own:
                plan = plan._replace(value=REFERENCE, folder='reference')
            # Where the setting stands under another key, its runs need another call.
            plan = plans.setdefault(json.dumps([plan.folder, own], default=str), plan)
            if method not in plan.methods:
                plan.methods.append(method)
    if all(plan.value == REFERENCE for plan in plans.values()):
        raise ValueError(f'{setting.name}: none of the configs {[m.name for m in methods]} has it')
    return sorted(plans.values(), key=lambda plan: ['reference', *folders].index(plan.folder))


def run_sweep(
    methods: Sequence[Entry],
    setting: Setting,
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None = None,
    execution: Execution | None = None,
) -> tuple[dict[str, list[RunResult]], list[str]]:
    """Trains what a sweep takes.

    Finished runs below `root` are kept, an interrupted one is resumed.

    Args:
        methods: of `read_methods`.
        setting: what varies.
        seeds: of observed labels and training.
        root: folder; a value's runs are in `<setting>_<value>`, those of references in `reference`.
        options: config settings to override, as --cfg-options.
        execution: see `run_comparison`.

    Returns:
        The results of each value, references under '', and what is said of failed runs.

    Raises:
        ValueError: as `run_comparison`, or if the setting is refused.
        RunError: if a run failed; with `keep_going` only if no value has a result.
    """
    points: dict[str, list[RunResult]] = {}
    failures: list[str] = []
    plans = plan_sweep(methods, setting, options)
    with claimed(root):
        for number, plan in enumerate(plans, start=1):
            print(f'{number}/{len(plans)} {plan.folder}: {", ".join(m.name for m in plan.methods)}')
            try:
                outcome = run_comparison(
                    plan.methods,
                    seeds,
                    root / plan.folder,
                    plan.options,
                    execution,
                    root / CONTENTS_FILE,
                )
            except RunError as error:
                if execution is None or not execution.keep_going:
                    raise
                failures += error.failures
                continue
            points.setdefault(plan.value, []).extend(outcome.results)
            failures += outcome.failures
    if not any(points):  # none but the references
        raise RunError('; '.join(failures), failures)
    return points, failures


def _folder(name: str, value: Any) -> str:
    return re.sub(r'[^\w.+-]+', '-', f'{name}_{value}').strip('-')
