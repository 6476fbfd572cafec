"""What is said of a class name that no registry has."""

from __future__ import annotations

import pytest
from mmengine.registry import DefaultScope
from mmpretrain.registry import DATASETS, HOOKS, METRICS, MODELS, TASK_UTILS, TRANSFORMS

import wsml_mm  # noqa: F401
from wsml_mm.experiments.spelling import explained_types

_HEAD = dict(type='MultiLabelLinearClsHead', num_classes=3, in_channels=4)


def message_of(registry, config):
    with (
        DefaultScope.overwrite_default_scope('mmpretrain'),
        pytest.raises(ValueError, match='type=') as found,
        explained_types(),
    ):
        registry.build(config)
    assert '\n' not in str(found.value)
    return str(found.value)


@pytest.mark.parametrize(
    ('registry', 'config', 'parts'),
    [
        (
            MODELS,
            dict(_HEAD, loss=dict(type='LargeLosReject')),
            ["did you mean 'LargeLossReject'?"],
        ),
        (MODELS, dict(_HEAD, loss=dict(type='largelossreject')), ["mean 'LargeLossReject'?"]),
        (MODELS, dict(type='PartialLabelHook'), ['is a hook, but stands where a model belongs']),
        (DATASETS, dict(type='PartialLabelDatset'), ["did you mean 'PartialLabelDataset'?"]),
        (DATASETS, dict(type='SingelPositive'), ["did you mean 'SinglePositive' (a task util)?"]),
        (HOOKS, dict(type='EpochSeedHok'), ["did you mean 'EpochSeedHook'?"]),
        (METRICS, dict(type='MeanAveragePrecison'), ["did you mean 'MeanAveragePrecision'?"]),
        (TASK_UTILS, dict(type='KeepRatoi'), ["did you mean 'KeepRatio'?"]),
        (TRANSFORMS, dict(type='RandomFlp'), ["did you mean 'RandomFlip'?"]),
        (MODELS, dict(type='Xyzzy'), ['is no registered model', 'custom_imports']),
    ],
)
def test_what_was_meant(registry, config, parts):
    found = message_of(registry, config)
    assert all(part in found for part in parts), found


def test_other_errors_are_left_alone():
    with pytest.raises(KeyError, match=r'^.x.$'), explained_types():
        raise KeyError('x')
