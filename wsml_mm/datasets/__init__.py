from .coco2014 import COCO2014
from .column_dataset import ColumnDataset
from .columns import LabelColumns
from .composed_scenes import ComposedScenes
from .cub200_attributes import CUB200Attributes
from .features import FeatureDataset
from .holdout import holdout_indices
from .labels import SparseLabels, decode_labels
from .names import NameColumn
from .nuswide import NUSWIDE
from .observation import (
    KeepRatio,
    Observation,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
)
from .openimages_v3 import OpenImagesV3
from .partial_label import PartialLabelDataset
from .voc2012 import VOC2012

__all__ = [
    'COCO2014',
    'NUSWIDE',
    'VOC2012',
    'CUB200Attributes',
    'ColumnDataset',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'LabelColumns',
    'NameColumn',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'OpenImagesV3',
    'PartialLabelDataset',
    'SinglePositive',
    'SparseLabels',
    'decode_labels',
    'holdout_indices',
]
