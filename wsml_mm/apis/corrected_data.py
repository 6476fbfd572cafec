"""Corrected labels as a file, and the config that trains on them."""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.config import Config, ConfigDict

from wsml_mm.datasets import FeatureDataset, SplitNames, save_observation
from wsml_mm.datasets.nesting import innermost, unwrap
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.datasets.table import write_table
from wsml_mm.experiments.config_parts import takes
from wsml_mm.experiments.configs import partial_datasets
from wsml_mm.labels.agreement import first_contradiction
from wsml_mm.labels.sparse import SparseLabels

from .training_scores import training_set_of

MASK = '.npz'


def write_corrected(
    out: Path, leaf: PartialLabelDataset, labels: SparseLabels, made: Mapping[str, Any]
) -> None:
    """Writes the observed labels of a whole split, as a mask file or a table.

    Args:
        out: `.npz`, or a suffix of tables.
        leaf: the training set they are of.
        labels: (N, C).
        made: how, for the record of a mask file.

    Raises:
        ValueError: if a mask file would show what the annotation does not hold, or a name cannot
            stand in a table.
        OSError: if it cannot be written.
    """
    names = SplitNames.of(leaf.dataset)
    if out.suffix == MASK:
        if (clash := first_contradiction(labels, leaf.full_labels)) is not None:
            raise ValueError(
                f'{out}: {names.classes[clash[1]]!r} of {names.images()[clash[0]]!r} is not so in '
                'the annotation of the data set, and a mask shows only what that holds; write a '
                'table, --out FILE.csv'
            )
        save_observation(out, labels, leaf.full_labels, names, made)
        return
    write_table(out, table_names(leaf)[1], labels, names.classes, made.get('separator', '|'))


def table_names(leaf: PartialLabelDataset) -> tuple[str, list[str]]:
    """Returns the folder of all images of a split, and their names below it."""
    names = list(SplitNames.of(leaf.dataset).images())
    path = str(leaf.dataset.get_data_info(0)['img_path'])
    if path.endswith(names[0]) and path != names[0]:
        return path[: -len(names[0])] or '.', names
    paths = [str(leaf.dataset.get_data_info(i)['img_path']) for i in range(len(names))]
    folder = os.path.commonpath([os.path.dirname(each) or '.' for each in paths])
    return folder, [os.path.relpath(each, folder) for each in paths]


def corrected_config(
    cfg: Config, leaf: PartialLabelDataset, out: Path, separator: str = '|', state: str = ''
) -> Config:
    """Returns a config that trains on corrected labels, which need not be written yet.

    Args:
        cfg: of the training, with one `PartialLabelDataset`; not changed.
        leaf: its training set.
        out: the file of the labels.
        separator: between labels of one cell.
        state: checkpoint whose label state the training starts with; '': none.

    Raises:
        ValueError: if the config cannot train on them.
    """
    new = Config(copy.deepcopy(cfg.to_dict()))
    (part,) = partial_datasets(new.train_dataloader.dataset)
    if out.suffix == MASK:
        part.observe = ConfigDict(type='ObservationFile', path=os.fspath(out))
    else:
        if cfg.get('linear_init') is not None:
            raise ValueError(
                f'{cfg.filename}: has a first stage with a data set of its own (linear_init), '
                'which a table would not reach; write a mask, --out FILE.npz'
            )
        _use_table(part, leaf, out, separator)
    if state:
        hooks = [hook for hook in (new.get('default_hooks') or {}).values() if hook]
        takers = [hook for hook in hooks if takes(hook, 'state_from')]
        if not takers:
            raise ValueError(
                f'{cfg.filename}: has no PartialLabelHook in default_hooks, which would start with '
                'the state; add it, or leave --state-from out'
            )
        takers[0]['state_from'] = state
    return new


def _use_table(part: ConfigDict, leaf: PartialLabelDataset, out: Path, separator: str) -> None:
    inner = innermost(part.dataset)
    table = dict(
        type='LabelTable',
        data_root=os.fspath(out.parent),
        ann_file=out.name,
        classes=[str(name) for name in leaf.metainfo['classes']],
        data_prefix=os.path.abspath(table_names(leaf)[0]),
        pipeline=inner.get('pipeline', []),
        separator=separator,
    )
    inner.clear()  # in place: it may stand below wrappers
    inner.update(table)
    part.observe, part.unlisted = None, None


def check_written(cfg: Config, labels: SparseLabels, out: Path) -> PartialLabelDataset:
    """Reads corrected labels as the training will, and compares them.

    Args:
        cfg: of `corrected_config`.
        labels: that were written.
        out: their file, for the message.

    Returns:
        The new training set, without stored features.

    Raises:
        ValueError: if they are not read back as they are.
    """
    plain = Config(copy.deepcopy(cfg.to_dict()))
    (part,) = partial_datasets(plain.train_dataloader.dataset)
    part.dataset = unwrap(part.dataset, FeatureDataset)
    leaf = training_set_of(plain)
    shape = (len(labels), labels.num_classes)
    same = (leaf.num_samples, leaf.labels.num_classes) == shape
    if not same or any(
        (leaf.labels.row(row) != labels.row(row)).any() for row in range(len(labels))
    ):
        raise ValueError(f'{out}: is not read back as it was written; report this as a fault')
    return leaf


def forget(written: Sequence[Path]) -> None:
    """Removes files of a correction that did not come to its end."""
    for path in written:
        path.unlink(missing_ok=True)
