from .assume_negative import AssumeNegativeLoss
from .base import PartialLabelLoss, Predictions
from .contract import ACTIONS, LabelBatch, LossParts, LossTrace, Progress
from .expected_positives import ExpectedPositives
from .group_consistency import GroupConsistency
from .large_loss import (
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
)

__all__ = [
    'ACTIONS',
    'AssumeNegativeLoss',
    'ExpectedPositives',
    'GroupConsistency',
    'LabelBatch',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossParts',
    'LossTrace',
    'PartialLabelLoss',
    'Predictions',
    'Progress',
]
