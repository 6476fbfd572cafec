from .mean_average_precision import MeanAveragePrecision
from .pointing_game import PointingGame

__all__ = ['MeanAveragePrecision', 'PointingGame']
