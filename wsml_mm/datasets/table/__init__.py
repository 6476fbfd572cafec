from importlib import import_module
from typing import TYPE_CHECKING, Any

from wsml_mm.labels.encoding import UNLISTED

from .advice import Option, advise, in_command_words
from .class_file import distinct_classes, read_class_file
from .classes import UNPRINTABLE
from .column_names import ColumnNames
from .problem import Problem, ProblemLog, Report, refuse

if TYPE_CHECKING:
    from .assemble import Table
    from .layout import TableFormat
    from .read import read_table
    from .read_voc import is_voc
    from .write import write_table

# These import pyarrow, a third of the time that importing wsml_mm would take: on first use.
_ON_USE = {
    'TableFormat': 'layout',
    'Table': 'assemble',
    'read_table': 'read',
    'is_voc': 'read_voc',
    'write_table': 'write',
}

__all__ = [
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


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_ON_USE[name]}'), name)
