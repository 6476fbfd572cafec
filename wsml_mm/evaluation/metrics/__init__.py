from .mean_average_precision import MeanAveragePrecision
from .observed_metric import ObservedMetric
from .partial_label_metric import PartialLabelMetric
from .pointing_game import PointingGame

__all__ = ['MeanAveragePrecision', 'ObservedMetric', 'PartialLabelMetric', 'PointingGame']
