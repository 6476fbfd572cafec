"""Whether the validation and test data of a config allow to score its classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from mmengine.config import Config

from wsml_mm.datasets.table import Problem, ProblemLog
from wsml_mm.evaluation.scorable import REMEDY, ClassKinds
from wsml_mm.labels.encoding import NEGATIVE, POSITIVE

from .checked_dataset import CheckedDataset, dataset_config, dataset_of_loader, tables_of

LOADERS = ('val', 'test')


def check_evaluation(
    cfg: Config, loader: str, dataset: CheckedDataset | None, log: ProblemLog
) -> None:
    """Looks for classes whose average precision would be 100 whatever the scores.

    Args:
        cfg: of a training.
        loader: that is checked.
        dataset: of that loader. Of the others, those that come from tables are read.
        log: takes what is found.
    """
    seen: list[Any] = []
    for other in LOADERS:
        if cfg.get(f'{other}_dataloader') is None:
            continue
        config = dataset_config(cfg, other)
        rule = _counts_as_published(cfg.get(f'{other}_evaluator'))
        if (config, rule) in seen:
            continue
        seen.append((config, rule))
        if other == loader:
            found = dataset
        elif any(True for _ in tables_of(config)):
            found = _read(cfg, other, log)
        else:
            continue
        if found is not None:
            _check_classes(found, f'{cfg.filename} ({other})', rule, log)


def _read(cfg: Config, loader: str, log: ProblemLog) -> CheckedDataset | None:
    """Reads the data of a loader that is not the one that is checked, up to its first error."""
    own = ProblemLog(keep=1)
    found = dataset_of_loader(cfg, loader, own)
    for problems in own.kept.values():
        first = problems[0]
        if first.serious:
            fix = f'{first.fix} (all errors: --loader {loader})'
            log(Problem('unreadable data set', first.where, first.what, fix))
            return None
    return found


def _counts_as_published(evaluator: Any) -> bool:
    """Tells whether a config counts classes without known negatives as the OpenImages protocol."""
    listed: Iterator[Any] = iter(evaluator if isinstance(evaluator, (list, tuple)) else [evaluator])
    return any(isinstance(e, Mapping) and e.get('no_negatives') == 'one' for e in listed)


def _check_classes(dataset: CheckedDataset, where: str, published: bool, log: ProblemLog) -> None:
    labels, names = dataset.columns.labels, dataset.columns.metainfo['classes']
    kinds = ClassKinds(labels.class_counts(POSITIVE), labels.class_counts(NEGATIVE))
    try:
        kinds.require_scorable('mAP')
    except ValueError as error:
        what, _, fix = str(error).rpartition('; ')
        log(Problem('nothing to score', where, what, fix))
        return
    for index in map(int, np.flatnonzero(kinds.never_negative)) if not published else ():
        what = (
            f'class {names[index]!r} has {kinds.positives[index]:,} positive and no known negative '
            'labels: its average precision would be 100 whatever the scores, so it is not counted'
        )
        kind = 'class without known negatives'
        log(Problem(kind, where, what, REMEDY, '', str(names[index]), serious=False))
