from .base import LargeLoss
from .correct_perm import LargeLossCorrectPerm
from .correct_temp import LargeLossCorrectTemp
from .reject import LargeLossReject

__all__ = ['LargeLoss', 'LargeLossCorrectPerm', 'LargeLossCorrectTemp', 'LargeLossReject']
