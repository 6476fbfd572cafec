from importlib import import_module
from typing import TYPE_CHECKING, Any

from .classes import UNPRINTABLE, distinct_classes, read_class_file
from .problem import Problem, ProblemLog, Report, refuse

if TYPE_CHECKING:
    from .layout import SUFFIXES, ColumnNames, TableFormat
    from .read import Table, read_table
    from .write import write_table

# These import pyarrow, a third of the time that importing wsml_mm would take: on first use.
_ON_USE = {
    'SUFFIXES': 'layout',
    'ColumnNames': 'layout',
    'TableFormat': 'layout',
    'Table': 'read',
    'read_table': 'read',
    'write_table': 'write',
}

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
    'read_class_file',
    'read_table',
    'refuse',
    'write_table',
]


def __getattr__(name: str) -> Any:
    if name not in _ON_USE:
        raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
    return getattr(import_module(f'{__name__}.{_ON_USE[name]}'), name)
