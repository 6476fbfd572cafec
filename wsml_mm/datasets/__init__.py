from .column_dataset import ColumnDataset
from .columns import LabelColumns
from .composed_scenes import ComposedScenes
from .features import FeatureDataset
from .holdout import holdout_indices
from .label_table import LabelTable
from .labels import SparseLabels, decode_labels
from .names import NameColumn
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
    'ColumnDataset',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'LabelColumns',
    'LabelTable',
    'NameColumn',
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
