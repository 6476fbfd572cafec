from .figure import draw_curves
from .runs import Method, read_methods, run_once
from .table import summarise, write_tables

__all__ = ['Method', 'draw_curves', 'read_methods', 'run_once', 'summarise', 'write_tables']
