"""How a table of labels is to be read, and what file it is in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from wsml_mm.labels.encoding import NEGATIVE, UNOBSERVED

from .cells import ALL_OTHERS
from .csv_rows import open_csv
from .fault import Report
from .json_rows import open_json
from .parquet_rows import open_parquet
from .rows import ColumnNames, RowSource

UNLISTED = {'unobserved': UNOBSERVED, 'negative': NEGATIVE}
DUPLICATES = ('refuse', 'merge')
SUFFIXES = ('.csv', '.tsv', '.parquet', '.json', '.jsonl')


@dataclass(frozen=True)
class TableFormat:
    """How a table is to be read.

    Args:
        columns: the names of its columns.
        separator: between the labels of one cell.
        unlisted: what a label that no cell lists is: 'unobserved' or 'negative'.
        duplicates: 'refuse' an image that is listed twice, or 'merge' its rows.

    Raises:
        ValueError: if a value is unknown.
    """

    columns: ColumnNames = field(default_factory=ColumnNames)
    separator: str = '|'
    unlisted: str = 'unobserved'
    duplicates: str = 'refuse'

    def __post_init__(self) -> None:
        if self.unlisted not in UNLISTED:
            raise ValueError(f'unlisted={self.unlisted!r}: use "unobserved" or "negative"')
        if self.duplicates not in DUPLICATES:
            raise ValueError(f'duplicates={self.duplicates!r}: use "refuse" or "merge"')
        if not self.separator or self.separator.strip() == ALL_OTHERS:
            raise ValueError(f'separator={self.separator!r}: use a sign like "|" or ";"')


def open_table(
    path: Path, names: ColumnNames, report: Report, classes: Sequence[str] | None = None
) -> RowSource:
    """Opens a table, whichever kind of file it is.

    Args:
        path: a file with one of `SUFFIXES`.
        names: of its columns.
        report: takes the faults of what are no rows.
        classes: for indices in a file that names none.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if its name ends otherwise.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise ValueError(f'{path}: a table of labels ends with one of {", ".join(SUFFIXES)}')
    if not path.is_file():
        raise FileNotFoundError(f'{path}: no such file; check ann_file and data_root')
    if suffix == '.parquet':
        return open_parquet(path, names, report)
    if suffix in ('.json', '.jsonl'):
        return open_json(path, names, report, classes)
    return open_csv(path, names, report)
