from .average_precision import average_precision
from .frequency_groups import frequency_groups
from .metrics import MeanAveragePrecision, PointingGame
from .scored_labels import ScoredLabels, class_average_precision

__all__ = [
    'MeanAveragePrecision',
    'PointingGame',
    'ScoredLabels',
    'average_precision',
    'class_average_precision',
    'frequency_groups',
]
