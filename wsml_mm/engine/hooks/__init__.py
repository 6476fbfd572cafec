from .cam_peak_hook import CamPeakHook
from .durable_checkpoint_hook import DurableCheckpointHook
from .epoch_seed_hook import EpochSeedHook
from .large_loss_hook import LargeLossHook
from .linear_init_hook import LinearInitHook
from .partial_label_hook import PartialLabelHook
from .picture_hook import PictureHook
from .plain_checkpoint_hook import PlainCheckpointHook
from .relative_weight_decay_hook import RelativeWeightDecayHook
from .work_folder import (
    best_checkpoint,
    epoch_checkpoints,
    last_checkpoint,
    newest_loadable,
    to_resume_from,
)

__all__ = [
    'CamPeakHook',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'LargeLossHook',
    'LinearInitHook',
    'PartialLabelHook',
    'PictureHook',
    'PlainCheckpointHook',
    'RelativeWeightDecayHook',
    'best_checkpoint',
    'epoch_checkpoints',
    'last_checkpoint',
    'newest_loadable',
    'to_resume_from',
]
