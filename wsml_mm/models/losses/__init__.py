from .assume_negative import AssumeNegativeLoss
from .asymmetric import PartialAsymmetricLoss
from .base import PartialLabelLoss, Predictions
from .contract import ACTIONS, LabelBatch, LossParts, LossTrace, Progress
from .crisp import CRISPRiskLoss
from .expected_positives import ExpectedPositives
from .gpr import GPRLoss
from .gr import GRLoss
from .hill import HillLoss, SPLCLoss
from .large_loss import (
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
)

__all__ = [
    'ACTIONS',
    'AssumeNegativeLoss',
    'CRISPRiskLoss',
    'ExpectedPositives',
    'GPRLoss',
    'GRLoss',
    'HillLoss',
    'LabelBatch',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossParts',
    'LossTrace',
    'PartialAsymmetricLoss',
    'PartialLabelLoss',
    'Predictions',
    'Progress',
    'SPLCLoss',
]
