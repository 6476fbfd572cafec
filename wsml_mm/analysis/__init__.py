from .evidence import COLOURS, new_figure, save_figure, tidy_axes, write_csv, write_evidence

__all__ = ['COLOURS', 'new_figure', 'save_figure', 'tidy_axes', 'write_csv', 'write_evidence']
