from .mean_average_precision import MeanAveragePrecision
from .partial_label_metric import PartialLabelMetric
from .pointing_game import PointingGame

__all__ = ['MeanAveragePrecision', 'PartialLabelMetric', 'PointingGame']
