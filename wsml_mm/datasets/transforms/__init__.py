from .high_bit_depth import LoadHighBitDepthImage
from .resized import LoadResizedImage

__all__ = ['LoadHighBitDepthImage', 'LoadResizedImage']
