from .backbones import FeatureInput
from .corrections import CorrectionStore
from .heads import (
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    SampleIndexMixin,
)
from .losses import (
    AssumeNegativeLoss,
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
    PartialLabelLoss,
)

__all__ = [
    'AssumeNegativeLoss',
    'CorrectionStore',
    'FeatureInput',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'PartialLabelLoss',
    'SampleIndexMixin',
]
