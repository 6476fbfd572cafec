"""A data set to be checked: read from a table, or from a loader of a config."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict
from mmengine.registry import init_default_scope
from mmpretrain.datasets import MultiLabelDataset
from mmpretrain.registry import DATASETS

from wsml_mm.datasets.annotations import read_labels
from wsml_mm.datasets.features import FeatureDataset
from wsml_mm.datasets.image_folders import common_folder
from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.label_table import LabelTable
from wsml_mm.datasets.nesting import class_of, find, is_a, refuse_observed_below, unwrap, walk
from wsml_mm.datasets.table import (
    Problem,
    ProblemLog,
    Table,
    TableFormat,
    read_class_file,
    read_table,
)
from wsml_mm.labels.columns import LabelColumns
from wsml_mm.labels.files import TABLE_SUFFIXES, one_line
from wsml_mm.labels.names import NameColumn

LOADERS = ('train', 'val', 'test')


@dataclass(frozen=True)
class CheckedDataset:
    """A data set to be checked, as far as it can be read.

    Args:
        title: what it is, e.g. its file.
        columns: image names and labels, as far as they could be read.
        path: returns the image file of a position.
        where: returns the place of a position in the annotation.
        load: the loader of its pipeline; None: that of the pipelines of this package.
        loader: its loader's name in the config; '' for a table alone.
        others: returns the data sets of the config's other loaders, by the loader's name.
        notes: what its files and their cells were taken for, a line each.
    """

    title: str
    columns: LabelColumns
    path: Callable[[int], str]
    where: Callable[[int], str]
    notes: tuple[str, ...] = ()
    load: ImageLoader | None = None
    loader: str = ''
    others: Callable[[], dict[str, CheckedDataset]] = dict


def dataset_of_table(
    file: Path, images: Path, class_file: Path | None, layout: TableFormat, log: ProblemLog
) -> CheckedDataset:
    """Reads a table as far as it can be read.

    Args:
        file: the table, or another file or folder that `LabelTable` reads.
        images: the folder of the images.
        class_file: of class names, one a line; None: those found in the table.
        layout: how to read it.
        log: takes its problems.

    Raises:
        FileNotFoundError: if a file is not there.
    """
    classes = None if class_file is None else read_class_file(class_file, log)
    return _table_dataset(read_table(file, classes, layout, log), str(images))


def dataset_of_loader(
    cfg: Config, loader: str, log: ProblemLog, all_labels: bool = False
) -> CheckedDataset | None:
    """Reads the data set of a loader of a config, as far as it can be read.

    Args:
        cfg: of a training.
        loader: 'train', 'val' or 'test'.
        log: takes its problems.
        all_labels: look at all known labels, not at those only that a model is shown.

    Returns:
        The data set; None if it cannot be read at all, which the log then says.
    """
    init_default_scope(cfg.get('default_scope', 'mmpretrain'))
    config = dataset_config(cfg, loader)
    tables = list(tables_of(config))
    read = [_read_table(table, log) for table in tables]
    if log.serious:
        if not read:
            return None
        found = _table_dataset(read[0], _image_folder(tables[0]))
        return replace(found, load=ImageLoader.of(config), loader=loader)
    try:
        built = _built_dataset(config, f'{cfg.filename} ({loader})', all_labels)
        built = replace(built, loader=loader, others=partial(_other_datasets, cfg, loader))
    except (ValueError, OSError, KeyError, TypeError) as error:
        why = str(error) if isinstance(error, (ValueError, OSError)) else one_line(error)
        what, _, fix = why.rpartition('; ')
        where = f'{loader}_dataloader'
        fix = fix if what else 'correct the config'
        log(Problem('unreadable data set', where, what or why, fix))
        return None
    notes = dict.fromkeys(note for table in read for note in table.notes)
    return replace(built, notes=tuple(notes))


def _other_datasets(cfg: Config, loader: str) -> dict[str, CheckedDataset]:
    """Returns the data sets of a config's other loaders, as far as they can be read."""
    found: dict[str, CheckedDataset] = {}
    configs: list[ConfigDict] = []
    for other in LOADERS:
        if other == loader or cfg.get(f'{other}_dataloader') is None:
            continue
        config = dataset_config(cfg, other)
        if config in configs:  # the test data are those of the validation
            continue
        configs.append(config)
        # Those that cannot be read are told of where their loader is checked.
        with suppress(ValueError, OSError, KeyError, TypeError):
            found[other] = _built_dataset(config, f'{cfg.filename} ({other})', False)
    return found


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
    for part in walk(config):
        if is_a(part, LabelTable) or (_is_stock(part) and _names_json(part)):
            yield part


def _is_stock(config: ConfigDict) -> bool:
    """Tells whether a data set reads its file as MMPretrain's own `MultiLabelDataset` does."""
    kind: Any = class_of(config)
    readers = ('full_init', 'load_data_list', 'parse_data_info')
    return is_a(config, MultiLabelDataset) and all(
        getattr(kind, name) is getattr(MultiLabelDataset, name) for name in readers
    )


def _names_json(config: ConfigDict) -> bool:
    return str(config.get('ann_file')).endswith(TABLE_SUFFIXES)


def open_label_table(config: ConfigDict) -> LabelTable:
    """Returns the table of a config, not read yet; MMPretrain's own dataset is taken as one."""
    if is_a(config, LabelTable):
        kind: Any = class_of(config)
        known = {key: config[key] for key in config if key not in ('type', 'pipeline', 'lazy_init')}
    else:
        kind = LabelTable
        classes = config.get('classes') or (config.get('metainfo') or {}).get('classes')
        prefix = config.get('data_prefix', '')
        known = dict(ann_file=config.ann_file, classes=classes, data_prefix=prefix)
        known['data_root'] = config.get('data_root', '')
    table: LabelTable = kind(**known, lazy_init=True)
    return table


def _read_table(config: ConfigDict, log: ProblemLog) -> Table:
    return open_label_table(config).read(log)


def _image_folder(config: ConfigDict) -> str:
    return str(open_label_table(config).img_prefix)


def _table_dataset(table: Table, folder: str) -> CheckedDataset:
    names = table.columns.names
    return CheckedDataset(
        str(table.path),
        table.columns,
        lambda index: os.path.join(folder, names[index]),
        table.where,
        table.notes,
    )


def _serving_images(config: ConfigDict) -> ConfigDict:
    """Takes away what would extract features, or leave bad images out.

    Raises:
        ValueError: if features are extracted around hidden labels.
    """
    for part in find(config, FeatureDataset):
        refuse_observed_below(str(class_of(part).__name__), part.dataset)  # type: ignore[union-attr]
    config = unwrap(config, FeatureDataset)
    for part in walk(config):
        part.pop('bad_images', None)
    return config


def _built_dataset(config: ConfigDict, title: str, all_labels: bool) -> CheckedDataset:
    dataset: Any = DATASETS.build(config)
    if hasattr(dataset, 'full_labels'):  # PartialLabelDataset
        labels = dataset.full_labels if all_labels else dataset.labels
        labels = labels.subset(dataset.indices)
    else:
        labels = read_labels(dataset)
    paths = [str(dataset.get_data_info(index)['img_path']) for index in range(len(dataset))]
    folder = common_folder(paths)
    names = NameColumn.from_names(path[len(folder) :] for path in paths)
    columns = LabelColumns(names, labels, {'classes': tuple(dataset.metainfo['classes'])})
    return CheckedDataset(
        title,
        columns,
        lambda i: folder + names[i],
        lambda i: f'{title}: row {i}',
        load=ImageLoader.of(dataset),
    )
