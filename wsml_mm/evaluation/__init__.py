from .average_precision import average_precision, class_average_precision
from .metrics import MeanAveragePrecision, PointingGame

__all__ = [
    'MeanAveragePrecision',
    'PointingGame',
    'average_precision',
    'class_average_precision',
]
