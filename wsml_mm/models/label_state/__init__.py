from .entries import Entries, EntryStore, room_of
from .facts import TrainingFacts
from .rows import Classes, ClassStore, Rows, RowStore
from .state import Column, LabelState

__all__ = [
    'ClassStore',
    'Classes',
    'Column',
    'Entries',
    'EntryStore',
    'LabelState',
    'RowStore',
    'Rows',
    'TrainingFacts',
    'room_of',
]
