"""The result of a run: one typed record, its file, and tidy rows for everything beyond."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from wsml_mm.labels.checksums import CHECKSUM, check_seal, seal
from wsml_mm.labels.files import one_line, write_durably

METRIC = 'multi-label/mAP'
CHECKPOINTS = ('best', 'last')
# Best by validation labels as poor as the training's, where a run has them.
BEST_OBSERVED = 'best_observed'
ALL_CHECKPOINTS = ('best', BEST_OBSERVED, 'last')
RESULT_FILE = 'result.json'
# Logged series that a result keeps.
SERIES = ('label/', 'state/', 'memory/', 'll/')

_CLASS = 'multi-label/AP/'
_FORMAT = 2  # files of the first format have no number
_REMEDY = 'delete its folder, and the run is made again'


@dataclass(frozen=True)
class RunResult:
    """What came out of one run.

    Args:
        method: its name, in tables and figures.
        key: the same as it stands in names of files, e.g. 'll-r'.
        data: class of the training's data set, e.g. 'VOC2012'.
        protocol: name of the config file, without suffix.
        seed: of observed labels and training.
        best_epoch: whose checkpoint was best on the validation set, counted from 1.
        seconds: that the training took.
        scores: test metrics of each of `CHECKPOINTS`, and of `BEST_OBSERVED` where there is one, in
            percent; none of a run that had no test set (the points of a grid).
        validation: validation mAP by epoch, in percent.
        selection: logged series by epoch, those named as `SERIES`.
        identity: what decides the result, see `experiments.identity`.
        version: of wsml_mm.
        best_observed_epoch: whose checkpoint was best by partial validation labels; 0: none.
        validation_observed: mAP on those by epoch, in percent, see `add_partial_validation`.
        memory: MiB at the peak: of the GPU, or of the process where there is none; 0: not noted.
    """

    method: str
    key: str
    data: str
    protocol: str
    seed: int
    best_epoch: int
    seconds: float
    scores: Mapping[str, Mapping[str, float]]
    validation: Sequence[float]
    selection: Mapping[str, Sequence[float]] = dataclasses.field(default_factory=dict)
    identity: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    version: str = ''
    best_observed_epoch: int = 0
    validation_observed: Sequence[float] = dataclasses.field(default_factory=list)
    memory: float = 0

    @property
    def checkpoints(self) -> list[str]:
        """Those of `ALL_CHECKPOINTS` that were tested."""
        return [name for name in ALL_CHECKPOINTS if self.scores.get(name)]

    def score(self, checkpoint: str, metric: str = METRIC) -> float:
        """Returns a test metric at one of `checkpoints`."""
        return self.scores[checkpoint][metric]

    def class_scores(self, checkpoint: str) -> dict[str, float]:
        """Returns the test AP of each class, by name; none without `classwise=True`."""
        test = self.scores[checkpoint]
        return {k.removeprefix(_CLASS): v for k, v in test.items() if k.startswith(_CLASS)}


def write_result(path: Path, result: RunResult) -> None:
    """Writes a result as JSON; the file appears whole or not at all."""
    write_record(path, dataclasses.asdict(result))


def read_result(path: Path) -> RunResult:
    """Reads a result.

    Raises:
        ValueError: if the file is damaged or of another version of this package.
    """
    content = read_record(path)
    try:
        for name in ('scores', 'validation', 'validation_observed', 'selection'):
            content[name] = _with_nan(content.get(name, []))
        result = RunResult(**content)
        _check_types(result)
    except (TypeError, KeyError) as error:
        raise ValueError(f'{path}: is damaged ({one_line(error)}); {_REMEDY}') from error
    return result


def _with_nan(numbers: Any) -> Any:
    """Returns numbers of a result with NaN where JSON has null: a class without a score."""
    if isinstance(numbers, dict):
        return {key: _with_nan(value) for key, value in numbers.items()}
    if isinstance(numbers, list):
        return [_with_nan(value) for value in numbers]
    return float('nan') if numbers is None else numbers


def _check_types(result: RunResult) -> None:
    kinds = {'seed': int, 'best_epoch': int, 'validation': list, 'selection': dict}
    kinds |= {'best_observed_epoch': int, 'validation_observed': list}
    for name, kind in {**kinds, 'scores': dict, 'identity': dict}.items():
        if not isinstance(getattr(result, name), kind):
            raise TypeError(f'{name} is no {kind.__name__}')
    for checkpoint in CHECKPOINTS:
        if not isinstance(result.scores[checkpoint], dict):
            raise TypeError(f'scores of {checkpoint} are no dict')


def load_results(folder: str | os.PathLike[str]) -> list[RunResult]:
    """Reads the finished runs below a folder, sorted by path.

    Raises:
        FileNotFoundError: if there is none.
        ValueError: if one is damaged or of another version of this package.
    """
    paths = sorted(Path(folder).rglob(RESULT_FILE))
    if not paths:
        raise FileNotFoundError(f'{folder}: holds no finished run; give the folder of a comparison')
    return [read_result(path) for path in paths]


def tidy_rows(results: Sequence[RunResult]) -> list[dict[str, Any]]:
    """Returns one row a number: method, data, protocol, seed, checkpoint, metric and value."""
    return [
        {
            'method': result.method,
            'data': result.data,
            'protocol': result.protocol,
            'seed': result.seed,
            'checkpoint': checkpoint,
            'metric': metric,
            'value': value,
        }
        for result in results
        for checkpoint in ALL_CHECKPOINTS
        for metric, value in result.scores.get(checkpoint, {}).items()
    ]


def read_record(path: Path) -> dict[str, Any]:
    """Reads a JSON file of a run, compares its checksum and takes off its format number.

    Raises:
        ValueError: if it is damaged or of another format.
    """
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
        if CHECKSUM in content:  # files of earlier versions have none
            content = check_seal(content)
        form = content.pop('format', 1)
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f'{path}: is damaged ({one_line(error)}); {_REMEDY}') from error
    if form != _FORMAT:
        age = 'an earlier' if form == 1 else 'a later'
        raise ValueError(
            f'{path}: the run was made by {age} version of wsml_mm, which noted other things of '
            f'it; delete {path.parent}, or give another --work-dir'
        )
    return content


def write_record(path: Path, content: Mapping[str, Any]) -> None:
    """Writes a JSON file of a run, with format number and checksum; no finite number is null."""
    write_durably(path, seal({'format': _FORMAT, **content}, indent=1).encode())
