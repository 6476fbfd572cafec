from .indexed_heads import (
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    SampleIndexMixin,
)

__all__ = [
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'SampleIndexMixin',
]
