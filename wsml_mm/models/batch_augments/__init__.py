from .base import PartialLabelAugment
from .logic_mix import LogicMix
from .mixture import Mixture
from .mixup_pme import MixUpPME

__all__ = ['LogicMix', 'MixUpPME', 'Mixture', 'PartialLabelAugment']
