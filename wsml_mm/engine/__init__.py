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
from .late_figure import LateFigureVisualizer

__all__ = [
    'CamPeakHook',
    'DurableCheckpointHook',
    'EpochSeedHook',
    'LargeLossHook',
    'LateFigureVisualizer',
    'LinearInitHook',
    'PartialLabelHook',
    'PictureHook',
    'PlainCheckpointHook',
    'RelativeWeightDecayHook',
]
