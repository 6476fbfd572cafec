from .agreement import known_share
from .biased_single_positive import BiasedSinglePositive
from .column_dataset import ColumnDataset
from .columns import LabelColumns
from .composed_scenes import ComposedScenes
from .features import FeatureDataset
from .holdout import holdout_indices
from .keep_ratio import KeepRatio
from .known_per_class import KnownPerClass
from .labels import SparseLabels, decode_labels
from .mask_file import load_observation, save_observation
from .names import NameColumn
from .observation import (
    Observation,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    observe_split,
)
from .observation_file import ObservationFile
from .partial_label import PartialLabelDataset
from .split_names import SplitNames
from .voc2012 import VOC2012

__all__ = [
    'VOC2012',
    'BiasedSinglePositive',
    'ColumnDataset',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'KnownPerClass',
    'LabelColumns',
    'NameColumn',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'PartialLabelDataset',
    'SinglePositive',
    'SparseLabels',
    'SplitNames',
    'decode_labels',
    'holdout_indices',
    'known_share',
    'load_observation',
    'observe_split',
    'save_observation',
]
