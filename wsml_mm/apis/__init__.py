from .assemble import assemble
from .trained_classifier import TrainedClassifier

__all__ = ['TrainedClassifier', 'assemble']
