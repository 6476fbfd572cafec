from .area_under_roc import area_under_roc
from .average_precision import average_precision
from .frequency_groups import frequency_groups
from .metrics import MeanAveragePrecision, PartialLabelMetric, PointingGame
from .scored_labels import ScoredLabels, class_average_precision

__all__ = [
    'MeanAveragePrecision',
    'PartialLabelMetric',
    'PointingGame',
    'ScoredLabels',
    'area_under_roc',
    'average_precision',
    'class_average_precision',
    'frequency_groups',
]
