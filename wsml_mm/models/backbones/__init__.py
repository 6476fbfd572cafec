from .feature_input import FeatureInput
from .packaged_weights import load_efficientnet_lite0

__all__ = ['FeatureInput', 'load_efficientnet_lite0']
