from .dataset import L48
from .target import L48Target

__all__ = ['L48', 'L48Target']
