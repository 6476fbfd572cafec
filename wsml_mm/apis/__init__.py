from .assemble import assemble
from .inferencer import MultiLabelInferencer
from .predictions import Prediction, predict_images, validation_scores
from .trained_classifier import TrainedClassifier

__all__ = [
    'MultiLabelInferencer',
    'Prediction',
    'TrainedClassifier',
    'assemble',
    'predict_images',
    'validation_scores',
]
