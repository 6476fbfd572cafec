"""What is known of a trained model: its data, method, test results and versions, for its card."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from wsml_mm.engine.hooks.checkpoint_identity import TRAINING
from wsml_mm.experiments.results import METRIC, RESULT_FILE, RunResult, read_record, read_result
from wsml_mm.experiments.runs import RUN_FILE
from wsml_mm.version import __version__

from .trained_classifier import TrainedClassifier

UNKNOWN_LICENCE = 'not stated: name the licence of the weights and of the data they were trained on'
_PACKAGES = ('mmengine', 'onedl-mmengine', 'mmpretrain', 'onedl-mmpretrain', 'timm', 'onnx')
_BLOCK = 1 << 20


def model_facts(
    trained: TrainedClassifier,
    thresholds: Mapping[str, float] | None = None,
    licence: str = '',
    file: Path | None = None,
) -> dict[str, Any]:
    """Returns the facts of a model as JSON values; None for what nobody knows.

    Test results and digests of the data are those of the run of `compare` in whose folder the
    checkpoint lies.

    Args:
        trained: of `assemble`.
        thresholds: by class, chosen or given.
        licence: a line of text.
        file: the exported one.

    Raises:
        ValueError: if the run's files are damaged.
    """
    cfg, meta = trained.config, trained.saved.get('meta') or {}
    training = trained.saved.get(TRAINING) or {}
    result, identity = _run_of(Path(trained.checkpoint))
    protocol = cfg.get('protocol') or {}
    parts = {} if result is None else _results(result, Path(trained.checkpoint))
    return {
        'title': protocol.get('title') or Path(cfg.filename or 'model').stem,
        'method': result.method if result else _method(cfg, training),
        'loss': ', '.join(training.get('losses') or []) or None,
        'protocol': protocol.get('name') or (result.protocol if result else None),
        'observation': protocol.get('observation'),
        'backbone': _backbone(trained),
        'classes': list(trained.classes),
        'data': {
            'name': protocol.get('data') or (result.data if result else None),
            'fingerprint of images and observed labels': training.get('labels'),
            'part of them that was trained on': training.get('part'),
            **{key: value for key, value in identity.items() if ' ' in key},
        },
        'epoch': meta.get('epoch'),
        'seed': result.seed if result else meta.get('seed'),
        **parts,
        'thresholds': None if thresholds is None else dict(thresholds),
        'licence': licence or UNKNOWN_LICENCE,
        'versions': _versions(),
        'sha256': {
            Path(each).name: _sha256(Path(each))
            for each in (trained.checkpoint, file)
            if each is not None and str(each)
        },
    }


def _method(cfg: Config, training: Mapping[str, Any]) -> str | None:
    """Returns the method of a config, unless the checkpoint was trained with another loss."""
    title = (cfg.get('method') or {}).get('title')
    loss = (cfg.model.get('head') or {}).get('loss') or {}
    trained_with = training.get('losses')
    fits = not trained_with or str(loss.get('type')).rpartition('.')[2] in trained_with
    return str(title) if title and fits else None


def _run_of(checkpoint: Path) -> tuple[RunResult | None, Mapping[str, Any]]:
    """Returns the result of the run in whose folder a checkpoint lies, and what decided it."""
    folder = checkpoint.parent
    result = None
    if (folder / RESULT_FILE).is_file():
        result = read_result(folder / RESULT_FILE)
        return result, result.identity
    if (folder / RUN_FILE).is_file():
        found: Mapping[str, Any] = read_record(folder / RUN_FILE).get('identity') or {}
        return None, found
    return None, {}


def _results(result: RunResult, checkpoint: Path) -> dict[str, Any]:
    """Returns the test mAP of the checkpoint; none where it is neither the best nor the last."""
    last = checkpoint.parent / 'last_checkpoint'
    is_last = last.is_file() and Path(last.read_text().strip()).name == checkpoint.name
    kind = 'best' if checkpoint.name.startswith('best_') else 'last' if is_last else None
    if kind is None:
        return {}
    by_class = result.class_scores(kind)
    return {'test': {'checkpoint': kind, 'mAP': result.score(kind, METRIC), 'AP': by_class}}


def _backbone(trained: TrainedClassifier) -> str:
    backbone = trained.model.backbone
    name = getattr(getattr(backbone, 'timm_model', None), 'default_cfg', {}).get('architecture')
    return f'{type(backbone).__name__} {name}' if name else type(backbone).__name__


def _versions() -> dict[str, str]:
    found = {'python': platform.python_version(), 'wsml_mm': __version__}
    found['torch'] = str(torch.__version__)
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open('rb') as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
