from .dataset import OpenImagesV3
from .image_ids import downloaded_ids, ids_of, spell_ids
from .merging import merge_labels, reorder_classes
from .verified_labels import VerifiedLabels, read_verified_labels

__all__ = [
    'OpenImagesV3',
    'VerifiedLabels',
    'downloaded_ids',
    'ids_of',
    'merge_labels',
    'read_verified_labels',
    'reorder_classes',
    'spell_ids',
]
