"""Single images of a training set: what was observed, what was corrected when, what was missed."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from wsml_mm.datasets.annotations import read_names
from wsml_mm.datasets.partial_label import PartialLabelDataset
from wsml_mm.labels.encoding import POSITIVE

from .label_growth import VERDICTS, Corrections

FIELDS = ('image', 'sample_idx', 'class', 'epoch', 'verdict')


class History(NamedTuple):
    """One image's labels over the training.

    Attributes:
        sample: its index in the training set.
        name: of the image in its data set.
        path: of the file.
        observed: names of the observed positive classes.
        corrections: (epoch from 1, class name, 'right' | 'wrong' | 'unknown') in order of time.
        missed: names of the hidden positives that no correction found.
    """

    sample: int
    name: str
    path: str
    observed: list[str]
    corrections: list[tuple[int, str, str]]
    missed: list[str]


def history_of(sample: int, table: Corrections, leaves: Sequence[PartialLabelDataset]) -> History:
    """Returns the history of one sample.

    Args:
        sample: index in the training set.
        table: of `judge`.
        leaves: the training set's datasets.
    """
    leaf, position = locate(sample, leaves)
    classes = leaf.metainfo['classes']
    own = np.flatnonzero(table['sample'] == sample)
    observed = leaf.labels.listed(position, POSITIVE)
    missed = np.setdiff1d(
        leaf.full_labels.listed(position, POSITIVE), [*observed, *table['class'][own]]
    )
    path = str(leaf.dataset.get_data_info(position).get('img_path', ''))
    return History(
        sample,
        read_names(leaf.dataset)[position],
        path,
        [classes[c] for c in observed],
        [
            (int(epoch) + 1, classes[label], VERDICTS[int(verdict)])
            for label, epoch, verdict in zip(
                *(table[key][own] for key in ('class', 'epoch', 'verdict')), strict=True
            )
        ],
        [classes[int(c)] for c in missed],
    )


def locate(sample: int, leaves: Sequence[PartialLabelDataset]) -> tuple[PartialLabelDataset, int]:
    """Returns the dataset of a sample and its position there."""
    leaf = next(x for x in reversed(leaves) if sample >= x.index_offset)
    return leaf, sample - leaf.index_offset


def correction_rows(
    table: Corrections, leaves: Sequence[PartialLabelDataset]
) -> Iterator[dict[str, Any]]:
    """Yields one row a correction, with `FIELDS`; the epoch counts from 1."""
    names = {id(leaf): read_names(leaf.dataset) for leaf in leaves}
    columns = (table[key] for key in ('sample', 'class', 'epoch', 'verdict'))
    for sample, label, epoch, verdict in zip(*(c.tolist() for c in columns), strict=True):
        leaf, position = locate(sample, leaves)
        name = names[id(leaf)][position]
        known = leaf.metainfo['classes'][label], epoch + 1, VERDICTS[verdict]
        yield dict(zip(FIELDS, (name, sample, *known), strict=True))


def export_corrections(
    path: Path, table: Corrections, leaves: Sequence[PartialLabelDataset]
) -> None:
    """Writes all corrections, the suspected false negatives of the training set, as CSV.

    Args:
        path: of the file; its folder is made.
        table: of `judge`.
        leaves: the training set's datasets.
    """
    from rich.progress import track

    path.parent.mkdir(parents=True, exist_ok=True)
    rows = correction_rows(table, leaves)
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, FIELDS)
        writer.writeheader()
        writer.writerows(track(rows, f'writing {path.name}', total=len(table['sample'])))


def find_samples(names: Sequence[str], leaves: Sequence[PartialLabelDataset]) -> list[int]:
    """Returns the samples of training images given by name, with or without folder and suffix.

    Raises:
        ValueError: if a name is of no training image, or of several.
    """
    held: dict[str, list[int]] = {name: [] for name in names}
    for leaf in leaves:
        column = read_names(leaf.dataset)
        for position in leaf.indices:
            name = column[int(position)]
            base = os.path.basename(name)
            for key in {name, base, os.path.splitext(base)[0]} & held.keys():
                held[key].append(leaf.index_offset + int(position))
    for name, found in held.items():
        if len(found) != 1:
            raise ValueError(
                f'--images {name}: names {len(found)} training images; give the file name of one '
                'that is trained on (not held out), with its folder if need be'
            )
    return [held[name][0] for name in names]
