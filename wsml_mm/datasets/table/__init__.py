from .class_list import distinct_classes, read_class_file
from .fault import Fault, FaultLog, Report, refuse
from .layout import SUFFIXES, TableFormat
from .parse import Table, read_table
from .rows import ColumnNames

__all__ = [
    'SUFFIXES',
    'ColumnNames',
    'Fault',
    'FaultLog',
    'Report',
    'Table',
    'TableFormat',
    'distinct_classes',
    'read_class_file',
    'read_table',
    'refuse',
]
