from .base import Observation, ObserveAll, observe_split
from .biased_single_positive import BiasedSinglePositive
from .counts_per_image import ObserveCounts, SinglePositive
from .dominant_positive import DominantPositive
from .keep_ratio import KeepRatio
from .known_per_class import KnownPerClass
from .mask_file import save_observation
from .observation_file import ObservationFile, load_observation

__all__ = [
    'BiasedSinglePositive',
    'DominantPositive',
    'KeepRatio',
    'KnownPerClass',
    'Observation',
    'ObservationFile',
    'ObserveAll',
    'ObserveCounts',
    'SinglePositive',
    'load_observation',
    'observe_split',
    'save_observation',
]
