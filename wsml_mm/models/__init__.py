from .backbones import FeatureInput, FeaturePreprocessor
from .heads import (
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    SampleIndexMixin,
)
from .label_state import Classes, Entries, LabelState, Rows, TrainingFacts
from .losses import (
    AssumeNegativeLoss,
    ExpectedPositives,
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
    'Classes',
    'Entries',
    'ExpectedPositives',
    'FeatureInput',
    'FeaturePreprocessor',
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
