"""What a training on L48 observes: a recording's target species, and negatives."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from mmpretrain.registry import TASK_UTILS

from wsml_mm.datasets.observation import Observation
from wsml_mm.labels.encoding import POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels

from .release import class_indices, read_records

_LISTS = {'geo': 'possible_species_codes', 'checklist': 'observed_species_codes'}


@TASK_UTILS.register_module()
class L48Target(Observation):
    """Observes the target species of a recording where a clip has it; L48's natural positives.

    With `negatives` also the species that cannot be there: those that do not live in the region at
    that time ('geo'), or are not on the observer's checklist ('checklist', a superset). Source: the
    variants target, geo and checklist of Sun et al., NeurIPS 2025,
    https://arxiv.org/abs/2511.00252, and of their code.

    Args:
        data_root: the folder of assets.json.
        negatives: 'geo', 'checklist', or None: observe no negative.

    Raises:
        ValueError: if `negatives` is something else.

    Config:
        observe = dict(type='L48Target', data_root='data/ml48s', negatives='geo')
    """

    def __init__(self, data_root: str | os.PathLike[str], negatives: str | None = None) -> None:
        if negatives not in (None, *_LISTS):
            raise ValueError(f'L48Target: negatives={negatives!r}; use "geo", "checklist" or None')
        self.path, self.negatives = Path(data_root, 'assets.json'), negatives

    def __call__(self, labels: SparseLabels) -> SparseLabels:
        """Returns the observed labels.

        Raises:
            FileNotFoundError: if assets.json is missing.
            ValueError: if the images are not L48's, or a species counts as absent that a clip has.
        """
        names = self.split_names
        if names is None:
            raise ValueError('L48Target needs the image names: observe through PartialLabelDataset')
        field = _LISTS.get(self.negatives or '', 'target_species_code')
        records = read_records(self.path, ('id', 'target_species_code', field))
        assets = {str(asset['id']): (n, asset) for n, asset in enumerate(records, start=1)}
        index = {code: place for place, code in enumerate(names.classes)}
        everything, rows = np.arange(labels.num_classes), []
        absent_of: dict[str, list[int]] = {}
        for row, name in enumerate(names.images()):
            key = Path(name).parent.name
            if key not in assets:
                raise ValueError(f'{self.path}: no recording {key!r}, of image {name}; use L48')
            number, asset = assets[key]
            present = set(labels.listed(row, POSITIVE).tolist())
            target = index.get(asset['target_species_code'])
            if self.negatives and key not in absent_of:
                where = f'{self.path}: record {number}: {field}'
                listed = asset[field]
                if isinstance(listed, list):  # a training may keep some of the species only
                    listed = [code for code in listed if code in index]
                possible = class_indices(listed, index, where)
                absent_of[key] = np.setdiff1d(everything, possible).tolist()
            absent = [c for c in absent_of.get(key, []) if c != target]
            if wrong := present & set(absent):
                raise ValueError(
                    f'{self.path}: record {number}: {field} lacks {names.classes[min(wrong)]!r}, '
                    f'which {name} has; correct one of both'
                )
            rows.append(([target] if target is not None and target in present else [], absent))
        return SparseLabels.from_rows(rows, labels.num_classes, rest=UNOBSERVED)
