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

from .apis import MultiLabelInferencer, TrainedClassifier, assemble
from .benchmarks import (
    COCO2014,
    NUSWIDE,
    VOC2012,
    ComposedScenes,
    CUB200Attributes,
    OpenImagesV3,
)
from .datasets import (
    BiasedSinglePositive,
    COCOBoxes,
    ColumnDataset,
    FeatureDataset,
    KeepRatio,
    KnownPerClass,
    LabelTable,
    LoadHighBitDepthImage,
    LoadResizedImage,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    OpenImagesBoxes,
    PartialLabelDataset,
    SinglePositive,
    VOCBoxes,
)
from .engine import (
    CamPeakHook,
    DurableCheckpointHook,
    EpochSeedHook,
    LargeLossHook,
    LinearInitHook,
    PartialLabelHook,
    PictureHook,
    PlainCheckpointHook,
)
from .evaluation import MeanAveragePrecision, PartialLabelMetric, PointingGame
from .models import (
    AssumeNegativeLoss,
    Classes,
    Entries,
    ExpectedPositives,
    FeatureInput,
    FeaturePreprocessor,
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    LabelBatch,
    LabelState,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    LossParts,
    PartialLabelLoss,
    Rows,
    SampleIndexMixin,
    TrainingFacts,
)
from .version import __version__, warn_above_tested

warn_above_tested()

__all__ = [
    'COCO2014',
    'NUSWIDE',
    'VOC2012',
    'AssumeNegativeLoss',
    'BiasedSinglePositive',
    'COCOBoxes',
    'CUB200Attributes',
    'CamPeakHook',
    'Classes',
    'ColumnDataset',
    'ComposedScenes',
    'DurableCheckpointHook',
    'Entries',
    'EpochSeedHook',
    'ExpectedPositives',
    'FeatureDataset',
    'FeatureInput',
    'FeaturePreprocessor',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'KeepRatio',
    'KnownPerClass',
    'LabelBatch',
    'LabelState',
    'LabelTable',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossHook',
    'LargeLossReject',
    'LinearInitHook',
    'LoadHighBitDepthImage',
    'LoadResizedImage',
    'LossParts',
    'MeanAveragePrecision',
    'MultiLabelInferencer',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'OpenImagesBoxes',
    'OpenImagesV3',
    'PartialLabelDataset',
    'PartialLabelHook',
    'PartialLabelLoss',
    'PartialLabelMetric',
    'PictureHook',
    'PlainCheckpointHook',
    'PointingGame',
    'Rows',
    'SampleIndexMixin',
    'SinglePositive',
    'TrainedClassifier',
    'TrainingFacts',
    'VOCBoxes',
    '__version__',
    'assemble',
]
