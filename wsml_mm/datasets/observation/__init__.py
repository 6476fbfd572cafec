from .agreement import known_share
from .biased_single_positive import BiasedSinglePositive
from .keep_ratio import KeepRatio
from .known_per_class import KnownPerClass
from .mask_file import load_observation, save_observation
from .observation_file import ObservationFile
from .process import Observation, ObserveAll, ObserveCounts, SinglePositive, observe_split
from .split_names import SplitNames

__all__ = [
    'BiasedSinglePositive',
    'KeepRatio',
    'KnownPerClass',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'SinglePositive',
    'SplitNames',
    'known_share',
    'load_observation',
    'observe_split',
    'save_observation',
]
