from .assume_negative import AssumeNegativeLoss, LSANLoss, WANLoss
from .asymmetric import PartialAsymmetricLoss
from .balanced_entropy import BalancedEntropyLoss
from .base import PartialLabelLoss, Predictions
from .contract import ACTIONS, LabelBatch, LossParts, LossTrace, Progress
from .crisp import CRISPRiskLoss
from .curriculum import CurriculumLoss
from .entropy_maximisation import EMAPLLoss, EMLoss
from .expected_positives import ExpectedPositives
from .gpr import GPRLoss
from .gr import GRLoss
from .group_consistency import GroupConsistency
from .hill import HillLoss, SPLCLoss
from .ignore import IGNORELoss
from .large_loss import (
    LargeLoss,
    LargeLossCorrectPerm,
    LargeLossCorrectTemp,
    LargeLossReject,
)
from .observed_only import EPRLoss, IgnoreUnobservedLoss
from .plc import PLCLoss
from .role import ROLELoss
from .write_back import ThresholdWriteBackLoss

__all__ = [
    'ACTIONS',
    'AssumeNegativeLoss',
    'BalancedEntropyLoss',
    'CRISPRiskLoss',
    'CurriculumLoss',
    'EMAPLLoss',
    'EMLoss',
    'EPRLoss',
    'ExpectedPositives',
    'GPRLoss',
    'GRLoss',
    'GroupConsistency',
    'HillLoss',
    'IGNORELoss',
    'IgnoreUnobservedLoss',
    'LSANLoss',
    'LabelBatch',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossParts',
    'LossTrace',
    'PLCLoss',
    'PartialAsymmetricLoss',
    'PartialLabelLoss',
    'Predictions',
    'Progress',
    'ROLELoss',
    'SPLCLoss',
    'ThresholdWriteBackLoss',
    'WANLoss',
]
