from .advice import Option, advise, in_command_words
from .assemble import Table
from .class_file import distinct_classes, read_class_file
from .classes import UNPRINTABLE
from .column_names import ColumnNames
from .layout import SUFFIXES, UNLISTED, TableFormat
from .problem import Problem, ProblemLog, Report, refuse
from .read import read_table
from .read_voc import is_voc
from .write import write_table

__all__ = [
    'SUFFIXES',
    'UNLISTED',
    'UNPRINTABLE',
    'ColumnNames',
    'Option',
    'Problem',
    'ProblemLog',
    'Report',
    'Table',
    'TableFormat',
    'advise',
    'distinct_classes',
    'in_command_words',
    'is_voc',
    'read_class_file',
    'read_table',
    'refuse',
    'write_table',
]
