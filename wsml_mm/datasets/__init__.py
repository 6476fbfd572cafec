from .boxes import COCOBoxes, OpenImagesBoxes, VOCBoxes
from .composed_scenes import ComposedScenes
from .features import FeatureDataset
from .holdout import holdout_indices
from .labels import SparseLabels, decode_labels
from .observation import (
    KeepRatio,
    Observation,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
)
from .partial_label import PartialLabelDataset
from .voc2012 import VOC2012

__all__ = [
    'VOC2012',
    'COCOBoxes',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'OpenImagesBoxes',
    'PartialLabelDataset',
    'SinglePositive',
    'SparseLabels',
    'VOCBoxes',
    'decode_labels',
    'holdout_indices',
]
