from .hooks import EpochSeedHook, LargeLossHook, PlainCheckpointHook

__all__ = ['EpochSeedHook', 'LargeLossHook', 'PlainCheckpointHook']
