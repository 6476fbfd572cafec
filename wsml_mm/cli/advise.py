"""Says which method and which delta_rel suit a data set, and when plain AN is the better choice."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config
from mmpretrain.registry import DATASETS

from wsml_mm.apis.advice import Estimate, Facts, Schedule, advise
from wsml_mm.apis.audit import data_facts
from wsml_mm.apis.suspicion_files import RECORD, read_record
from wsml_mm.apis.training_scores import training_set_of
from wsml_mm.datasets import FeatureDataset, SplitNames
from wsml_mm.datasets.nesting import unwrap, wrapped_datasets
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.experiments.config_parts import class_of, typed_parts
from wsml_mm.experiments.configs import partial_datasets
from wsml_mm.experiments.history import read_run
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.models.losses import LargeLoss, LargeLossCorrectPerm
from wsml_mm.quiet import quiet
from wsml_mm_cli.advise import parse_args
from wsml_mm_cli.command import run

from .options import config_of

_FIRST = 5  # epochs of a run that are looked at


def facts_of(cfg: Config, audit: Path | None = None, run_folder: Path | None = None) -> Facts:
    """Returns what is known of a config's data and method.

    Args:
        cfg: of a training; features are not needed.
        audit: folder of an audit of its data.
        run_folder: work folder of a training with diagnosis labels.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: if the audit is of other data.
    """
    cfg = Config(cfg.to_dict())
    for part in partial_datasets(cfg.train_dataloader.dataset):
        part.dataset = unwrap(part.dataset, FeatureDataset)
    leaf = training_set_of(cfg)
    own = leaf.labels.subset(leaf.indices)
    positive, negative = (int(own.class_counts(value).sum()) for value in (POSITIVE, NEGATIVE))
    missing = _of_audit(audit, leaf) if audit is not None else _of_validation(cfg, own, positive)
    return Facts(
        images=len(own),
        classes=own.num_classes,
        positive=positive,
        negative=negative,
        epochs=int(cfg.train_cfg.get('max_epochs') or 1),
        batch=int(cfg.train_dataloader.get('batch_size') or 1),
        missing=missing,
        schedule=schedule_of(cfg),
        precision=None if run_folder is None else precision_of(run_folder),
    )


def _of_audit(folder: Path, leaf: PartialLabelDataset) -> Estimate:
    record, facts = read_record(folder), data_facts(leaf, SplitNames.of(leaf.dataset))
    if any(record[key] != facts[key] for key in ('fingerprint', 'labels')):
        raise ValueError(
            f'{folder / RECORD}: is of other images or observed labels than the config has; audit '
            'these data'
        )
    found = record['missing']
    return Estimate(found['estimate'], found['low'], found['high'], 'the audit')


def _of_validation(cfg: Config, own: Any, positive: int) -> Estimate | None:
    """Returns how many labels are missing if training images have as many as validation images."""
    loader = cfg.get('val_dataloader')
    if loader is None:
        return None
    with quiet():
        leaves = wrapped_datasets(DATASETS.build(unwrap(loader.dataset, FeatureDataset)))
    parts = [leaf.labels.subset(leaf.indices) for leaf in leaves]
    if not parts or any(part.row_counts(UNOBSERVED).any() for part in parts):
        return None
    counts = np.concatenate([part.row_counts(POSITIVE) for part in parts])
    if len(counts) < 2:
        return None
    half = 1.96 * counts.std(ddof=1) / np.sqrt(len(counts))
    most = len(own) * own.num_classes - positive - int(own.class_counts(NEGATIVE).sum())
    each = (counts.mean(), counts.mean() - half, counts.mean() + half)
    count, low, high = (float(np.clip(mean * len(own) - positive, 0, most)) for mean in each)
    return Estimate(count, low, high, f'{len(counts):,} completely labelled validation images')


def schedule_of(cfg: Config) -> Schedule | None:
    """Returns the schedule of a config's large-loss method; None: it has none, or no delta_rel."""
    for _, part in typed_parts(cfg.model):
        kind = class_of(part)
        if kind is None or not issubclass(kind, LargeLoss) or part.get('delta_abs') is not None:
            continue
        rate = part.get('delta_rel')
        return Schedule(
            str((cfg.get('method') or {}).get('title') or kind.__name__),
            kind.default_rel if rate is None else rate,
            issubclass(kind, LargeLossCorrectPerm),
            part.get('percent_of') == 'unobserved',
            part.get('max_fraction'),
        )
    return None


def precision_of(folder: Path) -> float | None:
    """Returns how often what a run selected in its first epochs is right; None: nothing was.

    Raises:
        FileNotFoundError: if the folder holds no record of a training.
    """
    dynamics = read_run(folder, folder.name, 0)
    sums = dynamics.totals()
    names = [name for name in dynamics.actions if name in ('ignored', 'positive')]
    judged = sum(sums[f'{name}_judged'][:_FIRST].sum() for name in names)
    right = sum(sums[f'{name}_right'][:_FIRST].sum() for name in names)
    return float(right / judged) if judged else None


def main(argv: Sequence[str] | None = None) -> None:
    """Runs the command."""
    args = parse_args(argv)
    facts = facts_of(config_of(args), args.audit, args.run)
    print('\n'.join(advise(facts, shlex.quote(args.config))))


if __name__ == '__main__':
    run(main)
