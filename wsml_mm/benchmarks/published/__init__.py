from .lookup import Band, Published, band_of, gap_band, published_of

__all__ = ['Band', 'Published', 'band_of', 'gap_band', 'published_of']
