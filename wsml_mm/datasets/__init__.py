from .benchmarks import COCO2014, NUSWIDE, VOC2012, CUB200Attributes, OpenImagesV3
from .boxes import COCOBoxes, OpenImagesBoxes, VOCBoxes
from .column_dataset import ColumnDataset
from .columns import LabelColumns
from .composed_scenes import ComposedScenes
from .features import FeatureDataset
from .holdout import holdout_indices
from .label_table import LabelTable
from .labels import SparseLabels, decode_labels
from .names import NameColumn
from .observation import (
    BiasedSinglePositive,
    KeepRatio,
    KnownPerClass,
    Observation,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    SplitNames,
    known_share,
    load_observation,
    observe_split,
    save_observation,
)
from .partial_label import PartialLabelDataset

__all__ = [
    'COCO2014',
    'NUSWIDE',
    'VOC2012',
    'BiasedSinglePositive',
    'COCOBoxes',
    'CUB200Attributes',
    'ColumnDataset',
    'ComposedScenes',
    'FeatureDataset',
    'KeepRatio',
    'KnownPerClass',
    'LabelColumns',
    'LabelTable',
    'NameColumn',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'OpenImagesBoxes',
    'OpenImagesV3',
    'PartialLabelDataset',
    'SinglePositive',
    'SparseLabels',
    'SplitNames',
    'VOCBoxes',
    'decode_labels',
    'holdout_indices',
    'known_share',
    'load_observation',
    'observe_split',
    'save_observation',
]
