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
from wsml_mm.labels.read_once import read_once

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

    The column of negatives may be missing; other columns are not read. A cell may also hold a list
    as Python or JSON write it. Files: CSV (UTF-8; comma, semicolon or tab between cells), Parquet
    (strings or lists of strings), JSON (a list of objects with lists), JSON Lines, MMPretrain's own
    multi-label JSON, and what tools export: COCO's instances, Label Studio's JSON and JSON-MIN,
    FiftyOne's classifications and samples, a folder of VOC XML or a list of such images
    (ImageSets/Main/train.txt, beside Annotations). `tools/check_dataset.py` finds all errors of a
    table at once, and says what it was read as; the dataset refuses it at the first.

    `layout='indicators'` is for CSV and Parquet with one column a class: 1 is positive, 0 negative,
    and what any other cell says (a blank one, a -1) has to be told by `signs`. `layout='images'`
    reads the images alone, of which every label is unobserved; it is for tables, not for exports.

    Args:
        data_root: the folder that all else is in.
        ann_file: the table, or the folder of XML files, below `data_root`.
        classes: the class names in order, or a text file of them below `data_root`, one a line.
            None: the labels found in the table, sorted, or the columns of indicators as they
            stand; another table may then have others, so give the validation data the classes of
            the training data. Text that is hardly a name ('nan', a quoted list) is refused then.
        classes_from: take the classes of this table, below `data_root`, instead.
        columns: names of the columns that are called otherwise, e.g. `dict(image='file')`.
        separator: between the labels of one cell.
        unlisted: what a label that is not listed is: 'unobserved', or 'negative' for a data set
            that is annotated fully. None: unobserved, but negative in MMPretrain's JSON, whose
            `gt_label` lists the positives.
        duplicates: 'refuse' an image that is listed twice, or 'merge' its rows, as of a table with
            one row a box.
        layout: 'lists', 'indicators' or 'images'.
        signs: what a cell of indicators says, e.g. `dict(unobserved=['blank', '-1'])`; keys are
            'positive', 'negative' and 'unobserved'.
        ignored: columns that are no classes, where `classes` does not say which are.
        nothing: the label that says that no class is present, e.g. 'No Finding'; all are negative.
        image_names: what an image is called: 'path' below the image folder; 'file', the last part
            of a path or address; 'original', that without Label Studio's mark of an upload.
        suffix: added to names without the suffix of an image, e.g. '.jpg'; VOC images then
            go by the names of their XML files.
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
        unlisted: str | None = None,
        duplicates: str = 'refuse',
        layout: str = 'lists',
        signs: Mapping[str, Any] | None = None,
        ignored: Sequence[str] = (),
        nothing: str = '',
        image_names: str = 'path',
        suffix: str = '',
        prepare: bool | None = None,
        **kwargs: Any,
    ) -> None:
        # With pyarrow: not to be imported to register.
        from .table import ColumnNames, TableFormat, is_voc

        if classes is not None and classes_from is not None:
            raise ValueError(f'classes and classes_from={classes_from!r}: give one of them')
        if layout == 'images' and classes_from is not None:
            raise ValueError(f'classes_from={classes_from!r}: has no labels to read; give classes')
        self.table_format = TableFormat(
            ColumnNames.of(columns),
            separator,
            unlisted,
            duplicates,
            layout,
            None if signs is None else dict(signs),
            ignored,
            nothing,
            image_names,
            suffix,
        )
        self.ann_name, self.table_file = str(ann_file), _below(data_root, ann_file)
        self._classes, self._classes_from = classes, classes_from
        self._found: tuple[str, ...] | None = None
        named = None if classes is None or isinstance(classes, str) else list(classes)
        if prepare and is_voc(self.table_file):
            raise ValueError(f'{ann_file}: XML files are read each time; leave out prepare=True')
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
        layout = asdict(self.table_format) | {'columns': self.table_format.columns._asdict()}
        from .table import is_voc

        voc = is_voc(_below(self.data_root, str(self._classes_from)))
        prepare = None if voc else self._prepare
        return LabelTable(
            self.data_root, str(self._classes_from), prepare=prepare, lazy_init=True, **layout
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

        return read_table(self.table_file, self.class_names(report), self.table_format, report)

    def read_columns(self) -> LabelColumns:
        """Reads the table.

        Raises:
            ValueError: at its first error, with file, line and hint.
        """
        from .table import is_voc

        if is_voc(self.table_file):  # made from files that it only names
            return self.read().columns
        made_from = ('LabelTable', str(self.table_file), self.prepared_name)
        return read_once(made_from, self.sources, lambda: self.read().columns)

    @property
    def sources(self) -> list[Path]:
        """The table."""
        return [self.table_file]

    @property
    def prepared_name(self) -> str:
        """The name of the folder of columns: of the table, and of all that they depend on."""
        made_from = [self.ann_name, self.class_names(), asdict(self.table_format)]
        digest = hashlib.sha256(json.dumps(made_from).encode()).hexdigest()[:12]
        return f'labeltable_{self.split}_{digest}'.lower()

    def _worth_preparing(self) -> bool:
        from .table import is_voc

        try:
            return not is_voc(self.table_file) and self.table_file.stat().st_size > _PREPARE_ABOVE
        except OSError:  # refused, by name, once it is read
            return False


def _below(folder: str | os.PathLike[str], name: str | os.PathLike[str]) -> Path:
    return Path(os.path.expanduser(folder)) / os.path.expanduser(name)
