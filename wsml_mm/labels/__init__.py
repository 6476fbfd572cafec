"""Labels as values and files: the ground floor, without torch and MMEngine."""

from .class_priors import (
    ClassPriors,
    counted_priors,
    crisp_priors,
    expected_positives,
    mean_priors,
)
from .columns import LabelColumns
from .encoding import NEGATIVE, POSITIVE, UNOBSERVED, decode_labels
from .names import NameColumn
from .pairs import indptr_of
from .sparse import SparseLabels

__all__ = [
    'NEGATIVE',
    'POSITIVE',
    'UNOBSERVED',
    'ClassPriors',
    'LabelColumns',
    'NameColumn',
    'SparseLabels',
    'counted_priors',
    'crisp_priors',
    'decode_labels',
    'expected_positives',
    'indptr_of',
    'mean_priors',
]
