from .hooks import DurableCheckpointHook, EpochSeedHook, LargeLossHook, PlainCheckpointHook

__all__ = ['DurableCheckpointHook', 'EpochSeedHook', 'LargeLossHook', 'PlainCheckpointHook']
