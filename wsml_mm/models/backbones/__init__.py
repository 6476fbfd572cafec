from .feature_input import FeatureInput, FeaturePreprocessor
from .packaged_weights import load_efficientnet_lite
from .timm_feature_map import TIMMFeatureMap

__all__ = ['FeatureInput', 'FeaturePreprocessor', 'TIMMFeatureMap', 'load_efficientnet_lite']
