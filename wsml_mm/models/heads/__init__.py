from .boost_lu_head import BoostLUHead
from .fixed_length_head import FixedLengthLinearHead
from .indexed_heads import (
    IndexedCSRAClsHead,
    IndexedMultiLabelClsHead,
    IndexedMultiLabelLinearClsHead,
    SampleIndexMixin,
)

__all__ = [
    'BoostLUHead',
    'FixedLengthLinearHead',
    'IndexedCSRAClsHead',
    'IndexedMultiLabelClsHead',
    'IndexedMultiLabelLinearClsHead',
    'SampleIndexMixin',
]
