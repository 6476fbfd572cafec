"""One run of a comparison: a method and a seed, trained, tested, and written down as JSON."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mmengine.config import Config
from mmengine.logging import MessageHub, MMLogger
from mmengine.visualization import Visualizer

from wsml_mm.labels.files import one_line, write_durably

from .entries import Entry, seeded_config
from .results import METRIC
from .training import best_checkpoint, train


def run_once(
    method: Entry, seed: int, folder: str | os.PathLike[str], options: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Trains a method with a seed and tests its last and its best validation checkpoint.

    A finished run is read from `result.json`, an interrupted one is resumed.

    Args:
        method: what to run.
        seed: of labels and training.
        folder: of the run; its log goes to `console.log` there.
        options: config settings to override, as --cfg-options.

    Raises:
        ValueError: if the folder holds a run of another config, or a damaged file.
    """
    cfg = seeded_config(method, seed, options)
    folder = Path(folder)
    digest = hashlib.sha256(json.dumps(cfg.to_dict(), sort_keys=True, default=str).encode())
    identity = {'method': method.name, 'seed': seed, 'config': digest.hexdigest()[:16]}
    _claim(folder, identity)
    result_file = folder / 'result.json'
    if result_file.is_file():
        return _read_json(result_file)
    cfg.work_dir = str(folder)
    cfg.resume = (folder / 'last_checkpoint').is_file()
    # MMEngine keeps its state under this name: two runs of one process must not share it.
    cfg.experiment_name = f'{folder.name}_{time.time_ns()}'
    with (folder / 'console.log').open('a') as log, contextlib.redirect_stdout(log), _forgotten():
        result = {**identity, **_train_and_test(cfg)}
    write_durably(result_file, json.dumps(result, indent=1).encode())
    return result


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


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding='utf-8'))
    except ValueError as error:
        raise ValueError(
            f'{path}: is damaged ({one_line(error)}); delete it, and what it held is made anew'
        ) from error
    return content


def _claim(folder: Path, identity: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    marker = folder / 'run.json'
    if not marker.is_file():
        write_durably(marker, json.dumps(identity).encode())
    elif _read_json(marker) != identity:
        raise ValueError(
            f'{folder}: holds a run of another config; delete it, or give another --work-dir'
        )


def _train_and_test(cfg: Config) -> dict[str, Any]:
    begin = time.perf_counter()
    runner = train(cfg)
    seconds = time.perf_counter() - begin
    test_last = runner.test()
    best = best_checkpoint(cfg.work_dir)
    saved = runner.load_checkpoint(str(best))
    scalars = runner.message_hub.log_scalars
    return {
        'best_epoch': int(saved['meta']['epoch']),
        'test_best': runner.test(),
        'test_last': test_last,
        'val_mAP': scalars[f'val/{METRIC}'].data[0].tolist(),
        'selection': {
            k: v.data[0].tolist() for k, v in scalars.items() if k.startswith(('label/', 'state/'))
        },
        'seconds': round(seconds, 2),
    }
