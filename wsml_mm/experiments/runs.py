"""One run of a comparison: a method and a seed, trained, tested, and written down as JSON."""

from __future__ import annotations

import contextlib
import copy
import os
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mmengine
import mmpretrain
import torch
from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.runner import Runner
from mmengine.visualization import Visualizer

from wsml_mm.datasets.nesting import innermost
from wsml_mm.labels.contents import Contents
from wsml_mm.labels.wording import some_of
from wsml_mm.version import __version__

from .data_digests import DataDigests, leaf_configs
from .entries import Entry, seeded_config
from .identity import Identity, differences, identity
from .memory import peak_memory
from .partial_validation import OBSERVED_METRIC
from .results import (
    BEST_OBSERVED,
    METRIC,
    RESULT_FILE,
    SERIES,
    RunResult,
    read_record,
    read_result,
    write_record,
    write_result,
)
from .run_folders import method_key
from .training import best_checkpoint, train

RUN_FILE = 'run.json'


def run_once(
    method: Entry,
    seed: int,
    folder: str | os.PathLike[str],
    options: dict[str, Any] | None = None,
    contents: Path | None = None,
    expected: Identity | None = None,
) -> RunResult:
    """Trains a method with a seed and tests its last and its best validation checkpoint.

    A finished run is read from `result.json`, an interrupted one is resumed.

    Args:
        method: what to run.
        seed: of labels and training.
        folder: of the run; its log, and the traceback of an error, go to `console.log` there.
        options: config settings to override, as --cfg-options.
        contents: file of `Contents`, which knows images and weights from earlier runs.
        expected: identity that the run had when it was planned.

    Raises:
        ValueError: if the folder holds another run or a damaged file, or if data or files have
            changed since the run was planned, or while it was trained.
    """
    cfg, folder = seeded_config(method, seed, options), Path(folder)
    known = Contents(contents)
    own = identity(cfg, DataDigests(known))
    known.save()
    if expected is not None and (changed := differences(expected, own)):
        raise ValueError(
            f'{folder}: {some_of(changed)} changed since this comparison began; start it again'
        )
    check_folder(folder, own)
    if (folder / RESULT_FILE).is_file():
        return read_result(folder / RESULT_FILE)
    write_record(folder / RUN_FILE, _record(method, seed, own))
    cfg.work_dir = str(folder)
    cfg.resume = (folder / 'last_checkpoint').is_file()
    # MMEngine keeps its state under this name: two runs of one process must not share it.
    cfg.experiment_name = f'{folder.name}_{time.time_ns()}'
    planned = copy.deepcopy(cfg)  # a training fills in more
    with (folder / 'console.log').open('a') as log, contextlib.redirect_stdout(log), _forgotten():
        try:
            measured = _train_and_test(cfg)
        except Exception:
            traceback.print_exc(file=log)
            raise
    if changed := differences(own, identity(planned, DataDigests(known))):
        raise ValueError(
            f'{folder}: {some_of(changed)} changed while this run was trained, which may have seen '
            'some of either; delete it and start again'
        )
    result = _result(method, seed, cfg, own, measured)
    write_result(folder / RESULT_FILE, result)
    return result


def _result(
    method: Entry, seed: int, cfg: Config, own: Identity, measured: dict[str, Any]
) -> RunResult:
    named, protocol = cfg.get('method') or {}, cfg.get('protocol') or {}
    return RunResult(
        method=method.name,
        key=named.get('key') or method_key(method.name),
        data=protocol.get('data') or _data_name(cfg),
        protocol=protocol.get('name') or Path(method.config).stem,
        seed=seed,
        identity=own,
        version=__version__,
        **measured,
    )


def check_folder(folder: Path, own: Identity) -> None:
    """Refuses a folder that holds another run than the one that is wanted.

    Args:
        folder: of the run.
        own: identity of what is wanted.

    Raises:
        ValueError: naming what differs, or if the run is of another version of this package.
    """
    if not (folder / RUN_FILE).is_file():
        if (folder / RESULT_FILE).is_file():
            raise ValueError(
                f'{folder}: holds a result and no {RUN_FILE}, which says of what; delete it, or '
                'give another --work-dir'
            )
        return
    changed = differences(read_record(folder / RUN_FILE).get('identity', {}), own)
    if not changed and (folder / RESULT_FILE).is_file():
        changed = differences(read_result(folder / RESULT_FILE).identity, own)
    if changed:
        raise ValueError(
            f'{folder}: holds a run with other {some_of(changed)}; delete it, or give another '
            '--work-dir'
        )


def _record(method: Entry, seed: int, own: Identity) -> dict[str, Any]:
    versions = {'wsml_mm': __version__}
    for package in (torch, mmengine, mmpretrain):
        versions[package.__name__] = str(package.__version__)
    return {'method': method.name, 'seed': seed, 'versions': versions, 'identity': own}


def _data_name(cfg: Config) -> str:
    leaf = innermost(next(leaf_configs(cfg.train_dataloader.dataset)))
    return str(getattr(leaf['type'], '__name__', leaf['type']))


@contextlib.contextmanager
def _forgotten() -> Iterator[None]:
    """Forgets the loggers and hubs made within.

    MMEngine goes on using a run's logger for all messages, though it writes to a closed file.
    """
    kinds = (MMLogger, MessageHub, Visualizer)
    before = [set(kind._instance_dict) for kind in kinds]
    try:
        yield
    finally:
        for kind, names in zip(kinds, before, strict=True):
            for name in kind._instance_dict.keys() - names:
                del kind._instance_dict[name]


def _train_and_test(cfg: Config) -> dict[str, Any]:
    begin = time.perf_counter()
    with peak_memory() as memory:
        runner = train(cfg)
    seconds = time.perf_counter() - begin
    scalars = runner.message_hub.log_scalars
    series = {k: v.data[0].tolist() for k, v in scalars.items()}
    validation = {name: series.get(f'val/{name}', []) for name in (METRIC, OBSERVED_METRIC)}
    epochs, scores = _test(runner, Path(cfg.work_dir), bool(validation[OBSERVED_METRIC]))
    return {
        'best_epoch': epochs['best'],
        'best_observed_epoch': epochs.get(BEST_OBSERVED, 0),
        'scores': scores,
        'validation': validation[METRIC],
        'validation_observed': validation[OBSERVED_METRIC],
        'selection': {k: v for k, v in series.items() if k.startswith(SERIES)},
        'seconds': round(seconds, 2),
        'memory': memory[0],
    }


def _test(
    runner: Runner, folder: Path, partial: bool
) -> tuple[dict[str, int], dict[str, dict[str, float]]]:
    """Tests the last and the best checkpoints; none where the config has no test set.

    Returns:
        The epoch of each best checkpoint, and the metrics of all.
    """
    tested = runner.test_loop is not None
    scores = {'best': {}, 'last': dict(runner.test()) if tested else {}}
    metrics = {'best': METRIC} | ({BEST_OBSERVED: OBSERVED_METRIC} if partial else {})
    epochs: dict[str, int] = {}
    for name, metric in metrics.items():
        saved = runner.load_checkpoint(str(best_checkpoint(folder, metric=metric)))
        epoch = int(saved['meta']['epoch'])
        twin = next((other for other, known in epochs.items() if known == epoch), None)
        if tested:
            scores[name] = scores[twin] if twin else dict(runner.test())
        epochs[name] = epoch
    return epochs, scores
