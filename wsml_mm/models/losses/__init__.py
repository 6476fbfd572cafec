from .assume_negative import AssumeNegativeLoss, LossTrace, PartialLabelLoss
from .large_loss import LargeLoss, LargeLossCorrectPerm, LargeLossCorrectTemp, LargeLossReject

__all__ = [
    'AssumeNegativeLoss',
    'LargeLoss',
    'LargeLossCorrectPerm',
    'LargeLossCorrectTemp',
    'LargeLossReject',
    'LossTrace',
    'PartialLabelLoss',
]
