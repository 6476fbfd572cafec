"""Tests of the checkpoints that a comparison has left, with other metrics than it had."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config

from wsml_mm.datasets.nesting import innermost
from wsml_mm.engine.hooks import best_checkpoint, last_checkpoint
from wsml_mm.evaluation import MeanAveragePrecision
from wsml_mm.quiet import quiet

from .config_parts import class_of
from .launch import build_runner


def checkpoints(folder: Path) -> dict[str, Path]:
    """Returns the checkpoints of a finished run: its 'best' validation epoch and its 'last'.

    Raises:
        FileNotFoundError: if one is missing.
    """
    last = last_checkpoint(folder)
    if last is None or not last.is_file():
        raise FileNotFoundError(
            f'{last or folder / "last_checkpoint"}: no such checkpoint; delete {folder}, it is '
            'trained anew'
        )
    return {'best': best_checkpoint(folder), 'last': last}


def set_input_size(cfg: Config, size: Sequence[int]) -> None:
    """Lets tests see images resized to another size; a pooled network takes any.

    Args:
        cfg: of a run; its test pipeline is changed.
        size: width and height in pixels, or one number for both.

    Raises:
        ValueError: if the test pipeline has no Resize.
    """
    pipeline = innermost(cfg.test_dataloader.dataset).pipeline
    resizes = [step for step in pipeline if step['type'] in ('Resize', 'LoadResizedImage')]
    if not resizes:
        raise ValueError(
            f'{cfg.filename}: the test pipeline has no Resize whose scale could be changed; leave '
            'the input size alone'
        )
    for step in resizes:
        step['scale'] = (int(size[0]), int(size[-1]))


def mean_average_precision(cfg: Config) -> dict[str, Any]:
    """Returns the config of a test's mAP: its own, which may count classes by a published rule."""
    own = cfg.get('test_evaluator')
    for evaluator in own if isinstance(own, (list, tuple)) else [own]:
        if isinstance(evaluator, Mapping) and class_of(evaluator) is MeanAveragePrecision:
            return dict(evaluator)
    return dict(type='MeanAveragePrecision')


def retest(
    cfg: Config,
    checkpoint: Path,
    evaluators: Sequence[Mapping[str, Any]],
    hooks: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, float]:
    """Returns the metrics of a checkpoint on the test set.

    Args:
        cfg: of the run; changed.
        checkpoint: to test; its folder also takes the log.
        evaluators: configs of metrics in place of the config's own.
        hooks: default hooks to add.
    """
    cfg.load_from, cfg.resume = str(checkpoint), False
    cfg.work_dir = str(checkpoint.parent / 'retest')
    # MMEngine keeps its state under this name: two runs of one process must not share it.
    cfg.experiment_name = f'{checkpoint.parent.name}_{time.time_ns()}'
    cfg.test_evaluator = [dict(e) for e in evaluators]
    cfg.test_dataloader.persistent_workers = False
    cfg.default_hooks.update({key: dict(hook) for key, hook in (hooks or {}).items()})
    with quiet():
        metrics: dict[str, float] = build_runner(cfg).test()
    return metrics
