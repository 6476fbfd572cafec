"""Where a data set to be checked comes from: a table, or a loader of a config."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.annotations import read_labels
from wsml_mm.datasets.label_table import LabelTable
from wsml_mm.datasets.table import (
    SUFFIXES,
    Problem,
    ProblemLog,
    Table,
    TableFormat,
    read_class_file,
    read_table,
)
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import one_line
from wsml_mm.labels.names import NameColumn

from .check import Subject


def table_subject(
    file: Path, images: Path, class_file: Path | None, layout: TableFormat, log: ProblemLog
) -> Subject:
    """Reads a table as far as it can be read.

    Args:
        file: the table, or a multi-label JSON of MMPretrain.
        images: the folder of the images.
        class_file: of class names, one a line; None: those found in the table.
        layout: how to read it.
        log: takes its faults.

    Raises:
        FileNotFoundError: if a file is not there.
    """
    classes = None if class_file is None else read_class_file(class_file, log)
    return _subject(read_table(file, classes, layout, log), str(images))


def loader_subject(
    cfg: Config, loader: str, log: ProblemLog, all_labels: bool = False
) -> Subject | None:
    """Reads the data set of a loader of a config, as far as it can be read.

    Args:
        cfg: of a training.
        loader: 'train', 'val' or 'test'.
        log: takes its faults.
        all_labels: look at all known labels, not at those only that a model is shown.

    Returns:
        The data set; None if it cannot be read at all, which the log then tells.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    config = dataset_config(cfg, loader)
    tables = list(tables_of(config))
    read = [_read_table(table, log) for table in tables]
    if log.serious:
        return _subject(read[0], _image_folder(tables[0])) if read else None
    try:
        return _built_subject(config, f'{cfg.filename} ({loader})', all_labels)
    except (ValueError, OSError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, (ValueError, OSError)) else one_line(error)
        what, _, mend = why.rpartition('; ')
        where = f'{loader}_dataloader'
        log(Problem('unreadable data set', where, what or why, mend if what else 'mend the config'))
        return None


def dataset_config(cfg: Config, loader: str) -> ConfigDict:
    """Returns a copy of the dataset's config of a loader that serves images, all of them.

    Raises:
        ValueError: if the config has no such loader.
    """
    found = cfg.get(f'{loader}_dataloader')
    if found is None:
        raise ValueError(f'{cfg.filename}: has no {loader}_dataloader; name another loader')
    return _serving_images(ConfigDict(found.dataset.to_dict()))


def tables_of(config: ConfigDict) -> Iterator[ConfigDict]:
    """Yields the tables below any stack of dataset wrappers."""
    kind = str(config.get('type')).rpartition('.')[2]
    is_json = str(config.get('ann_file')).endswith(SUFFIXES)
    if kind == 'LabelTable' or (kind == 'MultiLabelDataset' and is_json):
        yield config
    for inner in [*config.get('datasets', []), config.get('dataset')]:
        if inner is not None:
            yield from tables_of(inner)


def open_label_table(config: ConfigDict) -> LabelTable:
    """Returns the table of a config, not read yet; MMPretrain's own dataset is taken as one."""
    known = {key: config[key] for key in config if key not in ('type', 'pipeline', 'lazy_init')}
    if not str(config.type).endswith('LabelTable'):
        classes = config.get('classes') or (config.get('metainfo') or {}).get('classes')
        prefix = config.get('data_prefix', '')
        known = dict(ann_file=config.ann_file, classes=classes, data_prefix=prefix)
        known['data_root'] = config.get('data_root', '')
    return LabelTable(**known, lazy_init=True)


def _read_table(config: ConfigDict, log: ProblemLog) -> Table:
    return open_label_table(config).read(log)


def _image_folder(config: ConfigDict) -> str:
    return str(open_label_table(config).img_prefix)


def _subject(table: Table, folder: str) -> Subject:
    names = table.columns.names
    return Subject(
        str(table.path),
        table.columns,
        lambda index: os.path.join(folder, names[index]),
        table.where,
    )


def _serving_images(config: ConfigDict) -> ConfigDict:
    """Takes away what would extract features, or leave bad images out."""
    while str(config.get('type')).endswith('FeatureDataset'):
        config = config.dataset
    if 'dataset' in config:
        config.dataset = _serving_images(config.dataset)
    if 'datasets' in config:
        config.datasets = [_serving_images(inner) for inner in config.datasets]
    config.pop('bad_images', None)
    return config


def _built_subject(config: ConfigDict, title: str, all_labels: bool) -> Subject:
    dataset: Any = DATASETS.build(config)
    if hasattr(dataset, 'full_labels'):  # PartialLabelDataset
        labels = dataset.full_labels if all_labels else dataset.labels
        labels = labels.subset(dataset.indices)
    else:
        labels = read_labels(dataset)
    paths = [str(dataset.get_data_info(index)['img_path']) for index in range(len(dataset))]
    folder = _common_folder(paths)
    names = NameColumn.from_names(path[len(folder) :] for path in paths)
    columns = LabelColumns(names, labels, {'classes': tuple(dataset.metainfo['classes'])})
    return Subject(title, columns, lambda i: folder + names[i], lambda i: f'{title}: row {i}')


def _common_folder(paths: Sequence[str]) -> str:
    """Returns the deepest folder that all paths are in, with its slash."""
    first, last = min(paths, default=''), max(paths, default='')
    folder = first.rpartition('/')[0]
    while folder and not last.startswith(f'{folder}/'):
        folder = folder.rpartition('/')[0]
    return f'{folder}/' if folder else ''
