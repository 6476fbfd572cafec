from .classes import UNPRINTABLE, distinct_classes, read_class_file
from .layout import SUFFIXES, UNLISTED, ColumnNames, TableFormat
from .problem import Problem, ProblemLog, Report, refuse
from .read import Table, read_table
from .write import write_table

__all__ = [
    'SUFFIXES',
    'UNLISTED',
    'UNPRINTABLE',
    'ColumnNames',
    'Problem',
    'ProblemLog',
    'Report',
    'Table',
    'TableFormat',
    'distinct_classes',
    'read_class_file',
    'read_table',
    'refuse',
    'write_table',
]
