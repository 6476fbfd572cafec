from .average_precision import average_precision, class_average_precision
from .metrics import MeanAveragePrecision, PointingGame

__all__ = [
    'MeanAveragePrecision',
    'PointingGame',
    'average_precision',
    'class_average_precision',
]
from .average_precision import average_precision
from .metrics import MeanAveragePrecision
from .scored_labels import ScoredLabels, class_average_precision

__all__ = ['MeanAveragePrecision', 'ScoredLabels', 'average_precision', 'class_average_precision']
