"""What a config of version 0.1 may name is still there, with the arguments it had."""

from __future__ import annotations

from inspect import signature

import pytest
from mmpretrain import registry

NAMES = {
    'HOOKS': [
        'CamPeakHook', 'DurableCheckpointHook', 'EpochSeedHook', 'LargeLossHook',
        'PlainCheckpointHook',
    ],
    'DATASETS': [
        'COCO2014', 'CUB200Attributes', 'ComposedScenes', 'FeatureDataset', 'LabelTable', 'NUSWIDE',
        'OpenImagesV3', 'PartialLabelDataset', 'VOC2012',
    ],
    'MODELS': [
        'AssumeNegativeLoss', 'FeatureInput', 'IndexedCSRAClsHead', 'IndexedMultiLabelClsHead',
        'IndexedMultiLabelLinearClsHead', 'LargeLossCorrectPerm', 'LargeLossCorrectTemp',
        'LargeLossReject',
    ],
    'TASK_UTILS': [
        'BiasedSinglePositive', 'COCOBoxes', 'KeepRatio', 'KnownPerClass', 'ObservationFile',
        'ObserveAll', 'ObserveCounts', 'OpenImagesBoxes', 'SinglePositive', 'VOCBoxes',
    ],
    'METRICS': ['MeanAveragePrecision', 'PointingGame'],
}  # fmt: skip

# In the order in which they may be given without a name.
ARGUMENTS = {
    'AssumeNegativeLoss': ['loss_weight'],
    'LargeLossReject': ['delta_rel', 'percent_of', 'scope', 'loss_weight'],
    'LargeLossCorrectTemp': ['delta_rel', 'percent_of', 'scope', 'loss_weight'],
    'LargeLossCorrectPerm': [
        'delta_rel', 'percent_of', 'scope', 'num_samples', 'max_fraction', 'loss_weight',
    ],
    'LargeLossHook': ['warn_share', 'corrections_from', 'epoch_length'],
    'PartialLabelDataset': [
        'dataset', 'observe', 'holdout', 'indices', 'diagnosis', 'bad_images', 'subsample',
        'lazy_init',
    ],
}  # fmt: skip


@pytest.mark.parametrize(('kind', 'name'), [(k, n) for k, names in NAMES.items() for n in names])
def test_the_name_is_still_registered(kind, name):
    found = getattr(registry, kind).get(name)
    assert found is not None
    assert found.__module__.startswith('wsml_mm.')
    if name in ARGUMENTS:
        parameters = list(signature(found).parameters)
        assert parameters[: len(ARGUMENTS[name])] == ARGUMENTS[name]
