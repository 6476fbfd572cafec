"""Whether the loaders of a config go together: classes, the model's width, shared images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from mmengine.config import Config, ConfigDict

from wsml_mm.datasets.table import Problem, ProblemLog

from .checked_dataset import LOADERS, dataset_config, open_label_table, tables_of


def check_splits(cfg: Config, classes: Sequence[str], loader: str, log: ProblemLog) -> None:
    """Compares a loader's classes with the model and all loaders' tables with one another.

    Args:
        cfg: of a training.
        classes: of the loader that is checked.
        loader: its name.
        log: takes what does not go together.
    """
    width = cfg.model.get('head', {}).get('num_classes')
    if width is not None and width != len(classes):
        what = f'model.head.num_classes={width}, but the data have {len(classes)} classes'
        fix = f'say model = dict(head=dict(num_classes={len(classes)}))'
        log(Problem('num_classes', str(cfg.filename), what, fix))
    images: dict[str, str] = {}
    seen: set[Path] = set()
    for other in LOADERS:
        if cfg.get(f'{other}_dataloader') is None:
            continue
        for table in tables_of(dataset_config(cfg, other)):
            file = open_label_table(table).table_file
            if file in seen:
                continue
            seen.add(file)
            _compare(cfg, (loader, classes), (other, table), images, log)


def _compare(
    cfg: Config,
    checked: tuple[str, Sequence[str]],
    other: tuple[str, ConfigDict],
    images: dict[str, str],
    log: ProblemLog,
) -> None:
    table = open_label_table(other[1])
    columns = table.read(ProblemLog(keep=1)).columns
    found = columns.metainfo['classes']
    if list(found) != list(checked[1]):
        odd = sorted(set(found) ^ set(checked[1]))[:3] or ['their order']
        what = f'{other[0]} and {checked[0]} have different classes ({", ".join(odd)})'
        fix = 'give both the same classes=...'
        log(Problem('classes differ', str(cfg.filename), what, fix))
    folder, file = str(table.img_prefix), table.ann_name
    for name in columns.names:
        path = os.path.join(folder, name)
        if images.setdefault(path, file) != file:
            what = f'image {name!r} is in {images[path]} and in {file}'
            fix = 'keep it in one'
            log(Problem('image in two splits', str(cfg.filename), what, fix, name, '', False))
