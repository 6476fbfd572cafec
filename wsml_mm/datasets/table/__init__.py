from .classes import UNPRINTABLE, distinct_classes, read_class_file
from .layout import SUFFIXES, ColumnNames, TableFormat
from .problem import Problem, ProblemLog, Report, refuse
from .read import Table, read_table
from .read_voc import is_voc
from .write import write_table

__all__ = [
    'SUFFIXES',
    'UNPRINTABLE',
    'ColumnNames',
    'Problem',
    'ProblemLog',
    'Report',
    'Table',
    'TableFormat',
    'distinct_classes',
    'is_voc',
    'read_class_file',
    'read_table',
    'refuse',
    'write_table',
]
