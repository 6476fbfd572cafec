"""Datasets as a user of the package writes them: subclasses under names of their own."""

from __future__ import annotations

from typing import Any

from mmpretrain.registry import DATASETS

from wsml_mm.datasets import FeatureDataset, LabelTable, PartialLabelDataset


@DATASETS.register_module()
class SurveyLabels(PartialLabelDataset):
    pass


@DATASETS.register_module()
class KeptFeatures(FeatureDataset):
    pass


@DATASETS.register_module()
class SurveyTable(LabelTable):
    def __init__(self, data_root: str, ann_file: str = 'train.csv', **kwargs: Any) -> None:
        super().__init__(data_root, ann_file, **kwargs)
