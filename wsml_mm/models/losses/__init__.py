from .assume_negative import AssumeNegativeLoss, LSANLoss, WANLoss
from .base import PartialLabelLoss, Predictions
from .contract import ACTIONS, LabelBatch, LossParts, LossTrace, Progress
from .curriculum import CurriculumLoss
from .entropy_maximisation import EMAPLLoss, EMLoss
from .expected_positives import ExpectedPositives
from .large_loss import (
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
)
from .observed_only import EPRLoss, IgnoreUnobservedLoss
from .role import ROLELoss
from .write_back import ThresholdWriteBackLoss

__all__ = [
    'ACTIONS',
    'AssumeNegativeLoss',
    'CurriculumLoss',
    'EMAPLLoss',
    'EMLoss',
    'EPRLoss',
    'ExpectedPositives',
    'IgnoreUnobservedLoss',
    'LSANLoss',
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
    'ROLELoss',
    'ThresholdWriteBackLoss',
    'WANLoss',
]
