from .hooks import (
    CamPeakHook,
    DurableCheckpointHook,
    EpochSeedHook,
    LargeLossHook,
    LinearInitHook,
    PlainCheckpointHook,
)

__all__ = [
    'CamPeakHook',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'LargeLossHook',
    'LinearInitHook',
    'PlainCheckpointHook',
]
