from .hooks import (
    CamPeakHook,
    DurableCheckpointHook,
    EpochSeedHook,
    LargeLossHook,
    LinearInitHook,
    PartialLabelHook,
    PictureHook,
    PlainCheckpointHook,
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
]
