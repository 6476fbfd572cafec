from .cam_peak_hook import CamPeakHook
from .durable_checkpoint_hook import DurableCheckpointHook, newest_loadable
from .epoch_seed_hook import EpochSeedHook
from .large_loss_hook import LargeLossHook
from .partial_label_hook import PartialLabelHook
from .plain_checkpoint_hook import PlainCheckpointHook

__all__ = [
    'CamPeakHook',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'LargeLossHook',
    'PartialLabelHook',
    'PlainCheckpointHook',
    'newest_loadable',
]
