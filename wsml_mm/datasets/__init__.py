from wsml_mm.labels.agreement import known_share

from .annotations import SplitNames
from .boxes import COCOBoxes, OpenImagesBoxes, VOCBoxes
from .column_dataset import ColumnDataset
from .features import FeatureDataset
from .holdout import holdout_indices
from .label_table import LabelTable
from .observation import (
    BiasedSinglePositive,
    DominantPositive,
    KeepRatio,
    KnownPerClass,
    Observation,
    ObservationFile,
    ObserveAll,
    ObserveCounts,
    SinglePositive,
    load_observation,
    observe_split,
    save_observation,
)
from .partial_label import PartialLabelDataset
from .transforms import ExtraViews, LoadHighBitDepthImage, LoadResizedImage

__all__ = [
    'BiasedSinglePositive',
    'COCOBoxes',
    'ColumnDataset',
    'DominantPositive',
    'ExtraViews',
    'FeatureDataset',
    'KeepRatio',
    'KnownPerClass',
    'LabelTable',
    'LoadHighBitDepthImage',
    'LoadResizedImage',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'OpenImagesBoxes',
    'PartialLabelDataset',
    'SinglePositive',
    'SplitNames',
    'VOCBoxes',
    'holdout_indices',
    'known_share',
    'load_observation',
    'observe_split',
    'save_observation',
]
