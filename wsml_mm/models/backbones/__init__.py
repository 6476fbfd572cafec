from .feature_input import FeatureInput, FeaturePreprocessor
from .packaged_weights import load_efficientnet_lite

__all__ = ['FeatureInput', 'FeaturePreprocessor', 'load_efficientnet_lite']
