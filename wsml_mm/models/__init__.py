from .backbones import FeatureInput, FeaturePreprocessor
from .batch_augments import LogicMix, MixUpPME
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
    IGNORELoss,
    LabelBatch,
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    LossParts,
    PartialLabelLoss,
    PLCLoss,
)
from .views import ViewsClassifier, ViewsPreprocessor

__all__ = [
    'AssumeNegativeLoss',
    'Classes',
    'Entries',
    'ExpectedPositives',
    'FeatureInput',
    'FeaturePreprocessor',
    'IGNORELoss',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'LabelBatch',
    'LabelState',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LogicMix',
    'LossParts',
    'MixUpPME',
    'PLCLoss',
    'PartialLabelLoss',
    'Rows',
    'SampleIndexMixin',
    'TrainingFacts',
    'ViewsClassifier',
    'ViewsPreprocessor',
]
