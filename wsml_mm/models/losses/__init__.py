from .assume_negative import AssumeNegativeLoss, LossTrace, PartialLabelLoss
from .correct_perm import LargeLossCorrectPerm
from .large_loss import LargeLoss, LargeLossCorrectTemp, LargeLossReject

__all__ = [
    'AssumeNegativeLoss',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossTrace',
    'PartialLabelLoss',
]
