"""Chooses the hyper-parameters of methods by validation; nothing here sees a test set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .comparison import plan
from .data_digests import DataDigests
from .entries import Entry
from .execution import Execution, RunError, Task, execute
from .grid import Grid, Point, grid_points
from .results import RunResult
from .run_folders import check_file_name, protocol_folder

FOLDER = 'tuning'
VALIDATIONS = ('full', 'observed')  # labels of the validation part that choose
# The runs of points have no test set at all: it cannot have been looked at.
_NO_TEST = dict.fromkeys(('test_dataloader', 'test_evaluator', 'test_cfg'))

Place = tuple[str, str]  # protocol and title of a method


class PointTask(NamedTuple):
    """One run of one point.

    Attributes:
        place: protocol and method.
        point: what is tried.
        task: the run.
    """

    place: Place
    point: Point
    task: Task


@dataclass(frozen=True)
class Tuned:
    """What was chosen for a method under a protocol.

    Args:
        point: the best.
        scores: name of each point that ran -> its best validation mAP, mean over the seeds.
        tried: points that were to run.
    """

    point: Point
    scores: dict[str, float]
    tried: int


def tuning_tasks(
    places: Mapping[str, Sequence[Entry]],
    grid: Grid,
    seeds: Sequence[int],
    root: Path,
    options: dict[str, Any] | None,
    contents: Path,
    digests: DataDigests,
) -> list[PointTask]:
    """Returns the runs of all points of all methods.

    Args:
        places: protocol -> its methods.
        grid: what is tried.
        seeds: of the points' labels and trainings.
        root: folder of the suite; a point's runs are in PROTOCOL/tuning/POINT.
        options: settings to override.
        contents: see `plan`.
        digests: see `plan`.

    Raises:
        ValueError: of `grid_points` and `plan`, or if a value makes no name of a folder.
    """
    found = []
    for name, entries in places.items():
        folder = root / protocol_folder(name) / FOLDER
        for entry in entries:
            for point in grid_points(entry, grid, options):
                check_file_name(point.name, f'grid point {point.name!r}')
                own = {**(options or {}), **point.options, **_NO_TEST}
                where = folder / point.name
                tasks = plan([point.entry], seeds, where, own, contents, digests)
                found += [PointTask((name, entry.name), point, task) for task in tasks]
    return found


def tune(
    tasks: Sequence[PointTask], execution: Execution, root: Path, labels: str
) -> tuple[dict[Place, Tuned], dict[Place, str]]:
    """Runs points and chooses for each method the one of highest validation mAP.

    The mAP is that of the best epoch, mean over the seeds. A point that failed with a seed is out.
    Of equal ones the first counts, so that the numbers of the papers stay unless others are better.

    Args:
        tasks: of `tuning_tasks`.
        execution: how many at a time, and where.
        root: of the suite, for messages.
        labels: of `VALIDATIONS`.

    Returns:
        What was chosen, and for a method none of whose points ran the reason.

    Raises:
        ValueError: if partial validation labels are asked for and a run has none.
        Interrupted: after Ctrl-C.
    """
    try:
        outcome = execute([t.task for t in tasks], execution, root)
    except RunError as error:
        raise RunError(f'every point of the grid failed: {error}', error.failures) from error
    why = {task.folder: reason for task, reason in outcome.failed}
    ran = iter(outcome.results)  # in the order of the tasks, without those that failed
    scores: dict[Place, dict[str, list[float]]] = {}
    points: dict[Place, dict[str, Point]] = {}
    reasons: dict[Place, str] = {}
    for place, point, task in tasks:
        points.setdefault(place, {})[point.name] = point
        of_point = scores.setdefault(place, {}).setdefault(point.name, [])
        if task.folder in why:
            reasons[place] = why[task.folder]
            of_point.append(float('nan'))
        else:
            of_point.append(_validation(next(ran), labels))
    chosen = {place: _best(points[place], found) for place, found in scores.items()}
    kept = {place: tuned for place, tuned in chosen.items() if tuned is not None}
    return kept, {place: reasons[place] for place in chosen.keys() - kept.keys()}


def _validation(result: RunResult, labels: str) -> float:
    curve = result.validation if labels == 'full' else result.validation_observed
    if not len(curve):
        raise ValueError(
            f'{result.method} under {result.protocol}: has no validation by {labels} labels to '
            'choose a point by; choose by the other, or leave the grid out'
        )
    return float(np.nanmax(curve)) if not np.isnan(curve).all() else float('nan')


def _best(points: Mapping[str, Point], scores: Mapping[str, list[float]]) -> Tuned | None:
    means = {name: float(np.mean(found)) for name, found in scores.items()}
    known = {name: mean for name, mean in means.items() if not np.isnan(mean)}
    if not known:
        return None
    return Tuned(points[max(known, key=lambda name: known[name])], known, len(points))
