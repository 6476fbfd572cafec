from .check import DatasetReport, Subject, check_dataset
from .html import write_html
from .sources import loader_subject, table_subject
from .splits import check_splits
from .text import print_faults, print_report

__all__ = [
    'DatasetReport',
    'Subject',
    'check_dataset',
    'check_splits',
    'loader_subject',
    'print_faults',
    'print_report',
    'table_subject',
    'write_html',
]
