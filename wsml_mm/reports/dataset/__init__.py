from .check import DatasetReport, check_dataset
from .checked_dataset import CheckedDataset, dataset_of_loader, dataset_of_table
from .evaluation_sets import check_evaluation
from .html import write_html
from .score_table import read_scores
from .splits import check_splits
from .terminal import print_problems, print_report

__all__ = [
    'CheckedDataset',
    'DatasetReport',
    'check_dataset',
    'check_evaluation',
    'check_splits',
    'dataset_of_loader',
    'dataset_of_table',
    'print_problems',
    'print_report',
    'read_scores',
    'write_html',
]
