from .composed_scenes import ComposedScenes
from .features import FeatureDataset
from .labels import SparseLabels, decode_labels
from .observation import (
    KeepRatio,
    Observation,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    holdout_indices,
)
from .partial_label import PartialLabelDataset
from .voc2012 import VOC2012

__all__ = [
    'VOC2012',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'PartialLabelDataset',
    'SinglePositive',
    'SparseLabels',
    'decode_labels',
    'holdout_indices',
]
