from .hooks import (
    CamPeakHook,
    DurableCheckpointHook,
    EpochSeedHook,
    LargeLossHook,
    LinearInitHook,
    PartialLabelHook,
    PictureHook,
    PlainCheckpointHook,
    ScaledWeightDecayHook,
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
    'ScaledWeightDecayHook',
]
