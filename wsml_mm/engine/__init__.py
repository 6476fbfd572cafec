from .hooks import (
    CamPeakHook,
    DurableCheckpointHook,
    EpochSeedHook,
    LargeLossHook,
    LinearInitHook,
    PartialLabelHook,
    PictureHook,
    PlainCheckpointHook,
    RelativeWeightDecayHook,
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
]
