"""A table of labels as a dataset: CSV, Parquet or JSON, one row an image."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmpretrain.registry import DATASETS

from wsml_mm.labels.columns import LabelColumns

from .column_dataset import ColumnDataset
from .table import Report, distinct_classes, read_class_file, refuse

if TYPE_CHECKING:
    from .table import Table

# Smaller files are read in about a second: a kept copy would only be one more thing that ages.
_PREPARE_ABOVE = 4 << 20  # bytes


@DATASETS.register_module()
class LabelTable(ColumnDataset):
    """Images and labels of one's own, as a plain table.

    A row has an image, its positive labels and its known negative labels. What is not listed is
    unobserved (-1). `*` among the negatives says that every class that is not positive is absent,
    so that fully annotated images stand beside partly annotated ones:

        image,positive,negative
        a.jpg,cat|dog,car
        b.jpg,dog,*

    The column of negatives may be missing; other columns are not read. Files: CSV (UTF-8; comma,
    semicolon or tab between cells), Parquet (strings or lists of strings), JSON (a list of objects
    with lists), JSON Lines, and MMPretrain's own multi-label JSON. `tools/check_dataset.py` finds
    all errors of a table at once; the dataset refuses it at the first.

    Args:
        data_root: the folder that all else is in.
        ann_file: the table, below `data_root`.
        classes: the class names in order, or a text file of them below `data_root`, one a line.
            None: the labels found in the table, sorted; another table may then have others, so
            give the validation data the classes of the training data.
        classes_from: take the classes of this table, below `data_root`, instead.
        columns: names of the columns that are called otherwise, e.g. `dict(image='file')`.
        separator: between the labels of one cell.
        unlisted: what a label that is not listed is: 'unobserved', or 'negative' for a data set
            that is annotated fully.
        duplicates: 'refuse' an image that is listed twice, or 'merge' its rows.
        prepare: keep the columns in `data_root/wsml_mm`, to be mapped from there; None: if the
            table is larger than 4 MB.
        kwargs: arguments of MMPretrain's `MultiLabelDataset`: data_prefix (the image folder),
            pipeline (transforms of an image), indices (keep these rows only), test_mode,
            lazy_init (read on first use).

    Raises:
        ValueError: if an option is unknown; in reading, at the first error of the table.
        FileNotFoundError: in reading, if there is no such file.

    Config:
        dataset = dict(
            type='LabelTable', data_root='data/mine', ann_file='train.csv', classes='classes.txt',
            data_prefix='images')
    """

    def __init__(
        self,
        data_root: str | os.PathLike[str],
        ann_file: str,
        classes: str | Sequence[str] | None = None,
        classes_from: str | None = None,
        columns: Mapping[str, str] | None = None,
        separator: str = '|',
        unlisted: str = 'unobserved',
        duplicates: str = 'refuse',
        prepare: bool | None = None,
        **kwargs: Any,
    ) -> None:
        from .table import ColumnNames, TableFormat  # with pyarrow: not to be imported to register

        if classes is not None and classes_from is not None:
            raise ValueError(f'classes and classes_from={classes_from!r}: give one of them')
        self.layout = TableFormat(ColumnNames.of(columns), separator, unlisted, duplicates)
        self.ann_name, self.table_file = str(ann_file), _below(data_root, ann_file)
        self._classes, self._classes_from = classes, classes_from
        self._found: tuple[str, ...] | None = None
        named = None if classes is None or isinstance(classes, str) else list(classes)
        self._prepare = prepare
        super().__init__(
            data_root,
            self.table_file.stem,
            named,
            self._worth_preparing() if prepare is None else prepare,
            **kwargs,
        )

    def class_names(self, report: Report = refuse) -> tuple[str, ...] | None:
        """Returns the classes in order; None: those found in the table.

        Args:
            report: takes each error of the list of classes.
        """
        if self._found is None:
            if self._classes_from is not None:
                self._found = self._class_source().read_classes(report)
            elif isinstance(self._classes, str):
                self._found = read_class_file(_below(self.data_root, self._classes), report)
            elif self._classes is not None:
                named = [('classes=[...]', name) for name in self._classes]
                self._found = distinct_classes(named, report)
        return self._found

    def _class_source(self) -> LabelTable:
        layout = asdict(self.layout) | {'columns': self.layout.columns._asdict()}
        return LabelTable(
            self.data_root, str(self._classes_from), prepare=self._prepare, lazy_init=True, **layout
        )

    def read_classes(self, report: Report = refuse) -> tuple[str, ...]:
        """Returns the classes of the table, from its kept columns where they are not to be checked.

        Args:
            report: takes each error of the table.
        """
        if report is not refuse:
            return tuple(self.read(report).columns.metainfo['classes'])
        self.full_init()
        return tuple(self.metainfo['classes'])

    def read(self, report: Report = refuse) -> Table:
        """Reads the table.

        Args:
            report: takes each error; if it returns, reading goes on without the row or label.
        """
        from .table import read_table

        return read_table(self.table_file, self.class_names(report), self.layout, report)

    def read_columns(self) -> LabelColumns:
        """Reads the table.

        Raises:
            ValueError: at its first error, with file, line and hint.
        """
        return self.read().columns

    @property
    def sources(self) -> list[Path]:
        """The table."""
        return [self.table_file]

    @property
    def prepared_name(self) -> str:
        """The name of the folder of columns: of the table, and of all that they depend on."""
        made_from = [self.ann_name, self.class_names(), asdict(self.layout)]
        digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:12]
        return f'labeltable_{self.split}_{digest}'.lower()

    def _worth_preparing(self) -> bool:
        try:
            return self.table_file.stat().st_size > _PREPARE_ABOVE
        except OSError:  # refused, by name, once it is read
            return False


def _below(folder: str | os.PathLike[str], name: str | os.PathLike[str]) -> Path:
    return Path(os.path.expanduser(folder)) / os.path.expanduser(name)
