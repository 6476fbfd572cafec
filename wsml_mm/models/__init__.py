from .backbones import FeatureInput, FeaturePreprocessor
from .heads import (
    BoostLUHead,
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    SampleIndexMixin,
)
from .label_state import Classes, Entries, LabelState, Rows, TrainingFacts
from .losses import (
    AssumeNegativeLoss,
    ExpectedPositives,
    GroupConsistency,
    LabelBatch,
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    LossParts,
    PartialLabelLoss,
)

__all__ = [
    'AssumeNegativeLoss',
    'BoostLUHead',
    'Classes',
    'Entries',
    'ExpectedPositives',
    'FeatureInput',
    'FeaturePreprocessor',
    'GroupConsistency',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'LabelBatch',
    'LabelState',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossParts',
    'PartialLabelLoss',
    'Rows',
    'SampleIndexMixin',
    'TrainingFacts',
]
