from .assume_negative import AssumeNegativeLoss
from .base import PartialLabelLoss, Predictions
from .contract import ACTIONS, LabelBatch, LossParts, LossTrace, Progress
from .expected_positives import ExpectedPositives
from .ignore import IGNORELoss
from .large_loss import (
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
)
from .plc import PLCLoss

__all__ = [
    'ACTIONS',
    'AssumeNegativeLoss',
    'ExpectedPositives',
    'IGNORELoss',
    'LabelBatch',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossParts',
    'LossTrace',
    'PLCLoss',
    'PartialLabelLoss',
    'Predictions',
    'Progress',
]
