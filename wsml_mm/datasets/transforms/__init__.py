from .high_bit_depth import LoadHighBitDepthImage

__all__ = ['LoadHighBitDepthImage']
