from .average_precision import average_precision, class_average_precision
from .metrics import MeanAveragePrecision

__all__ = ['MeanAveragePrecision', 'average_precision', 'class_average_precision']
