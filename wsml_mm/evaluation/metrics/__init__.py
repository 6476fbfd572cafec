from .mean_average_precision import MeanAveragePrecision

__all__ = ['MeanAveragePrecision']
