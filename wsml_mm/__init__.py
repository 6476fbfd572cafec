"""Large Loss Matters and its kin for MMPretrain: importing this package registers everything."""

try:
    import mmengine  # noqa: F401
    import mmpretrain  # noqa: F401
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        f'wsml_mm needs {error.name}: pip install "wsml_mm[openmmlab]" for the stock packages, or '
        'pip install "wsml_mm[onedl]" for the maintained forks (same import names; take one)',
        name=error.name,
    ) from error

from .datasets import (
    VOC2012,
    BiasedSinglePositive,
    ColumnDataset,
    ComposedScenes,
    FeatureDataset,
    KeepRatio,
    KnownPerClass,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    PartialLabelDataset,
    SinglePositive,
)
from .engine import DurableCheckpointHook, EpochSeedHook, LargeLossHook, PlainCheckpointHook
from .evaluation import MeanAveragePrecision
from .models import (
    AssumeNegativeLoss,
    CorrectionStore,
    FeatureInput,
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    SampleIndexMixin,
)
from .version import __version__, warn_above_tested

warn_above_tested()

__all__ = [
    'VOC2012',
    'AssumeNegativeLoss',
    'BiasedSinglePositive',
    'ColumnDataset',
    'ComposedScenes',
    'CorrectionStore',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'FeatureDataset',
    'FeatureInput',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'KeepRatio',
    'KnownPerClass',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossHook',
    'LargeLossReject',
    'MeanAveragePrecision',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'PartialLabelDataset',
    'PlainCheckpointHook',
    'SampleIndexMixin',
    'SinglePositive',
    '__version__',
]
