from .dataset import OpenImagesV3
from .image_ids import downloaded_ids, format_ids, ids_of
from .merging import merge_labels, reorder_classes
from .verified_labels import VerifiedLabels, read_verified_labels

__all__ = [
    'OpenImagesV3',
    'VerifiedLabels',
    'downloaded_ids',
    'format_ids',
    'ids_of',
    'merge_labels',
    'read_verified_labels',
    'reorder_classes',
]
