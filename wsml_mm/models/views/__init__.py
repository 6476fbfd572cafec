from .cam_mask import CamMask
from .classifier import ViewsClassifier
from .preprocessor import ViewsPreprocessor

__all__ = ['CamMask', 'ViewsClassifier', 'ViewsPreprocessor']
