"""The small VOC devkit with the oddities of the real one."""

from voc_devkit import devkit, make_devkit, quick_collection, reference

__all__ = ['devkit', 'make_devkit', 'quick_collection', 'reference']
