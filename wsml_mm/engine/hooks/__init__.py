from .cam_peak_hook import CamPeakHook
from .durable_checkpoint_hook import DurableCheckpointHook, newest_loadable
from .epoch_seed_hook import EpochSeedHook
from .large_loss_hook import LargeLossHook
from .linear_init_hook import LinearInitHook
from .partial_label_hook import PartialLabelHook
from .picture_hook import PictureHook
from .plain_checkpoint_hook import PlainCheckpointHook

__all__ = [
    'CamPeakHook',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'LargeLossHook',
    'LinearInitHook',
    'PartialLabelHook',
    'PictureHook',
    'PlainCheckpointHook',
    'newest_loadable',
]
