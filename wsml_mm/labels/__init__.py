"""Labels as values and files: the ground floor, without torch and MMEngine."""

from .columns import LabelColumns
from .encoding import NEGATIVE, POSITIVE, UNOBSERVED, decode_labels
from .names import NameColumn
from .pairs import indptr_of
from .sparse import SparseLabels

__all__ = [
    'NEGATIVE',
    'POSITIVE',
    'UNOBSERVED',
    'LabelColumns',
    'NameColumn',
    'SparseLabels',
    'decode_labels',
    'indptr_of',
]
