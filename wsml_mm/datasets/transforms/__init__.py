from .extra_views import ExtraViews
from .high_bit_depth import LoadHighBitDepthImage
from .resized import LoadResizedImage

__all__ = ['ExtraViews', 'LoadHighBitDepthImage', 'LoadResizedImage']
