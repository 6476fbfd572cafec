"""How a table of labels is to be read: its columns, separator and what is not listed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from wsml_mm.labels.encoding import UNLISTED, UNOBSERVED

from .advice import Option, advise
from .classes import ALL_OTHERS
from .column_names import ColumnNames
from .signs import read_signs

LAYOUTS = ('lists', 'indicators', 'images')
_KNOWN = {
    'unlisted': tuple(UNLISTED),
    'duplicates': ('refuse', 'merge'),
    'layout': LAYOUTS,
    'image_names': ('path', 'file', 'original'),
}
_ONLY_FOR = {
    'separator': ('lists',),
    'unlisted': ('lists',),
    'nothing': ('lists',),
    'signs': ('indicators',),
    'ignored': ('indicators',),
}
BATCH = 1 << 12  # rows looked at together
LISTS = pa.list_(pa.string())


@dataclass(frozen=True)
class TableFormat:
    """How a table is to be read.

    Args:
        columns: the names of its columns.
        separator: between the labels of one cell.
        unlisted: what a label that no cell lists is: 'unobserved' or 'negative'; None: unobserved,
            but negative beside `gt_label` in MMPretrain's JSON, as MMPretrain reads it.
        duplicates: 'refuse' an image that is listed twice, or 'merge' its rows.
        layout: 'lists' of labels in a cell; 'indicators', one column a class; or 'images' alone.
        signs: of indicators, what a cell says: by 'positive', 'negative' and 'unobserved' a sign or
            several, where a blank cell is 'blank'; '1' is positive and '0' negative unless said.
        ignored: columns that are not read, where all others are indicators.
        nothing: the word that says that no class is present.
        image_names: what an image is called: 'path' below the image folder; 'file', the last part
            of a path or address; 'original', that without the mark of an upload to Label Studio.
        suffix: added to names without the suffix of an image, e.g. '.jpg'.

    Raises:
        ValueError: if a value is unknown, or does not go with the layout.
    """

    columns: ColumnNames = field(default_factory=ColumnNames)
    separator: str = '|'
    unlisted: str | None = None
    duplicates: str = 'refuse'
    layout: str = 'lists'
    signs: Mapping[str, Any] | None = None
    ignored: Sequence[str] = ()
    nothing: str = ''
    image_names: str = 'path'
    suffix: str = ''

    def __post_init__(self) -> None:
        for name, known in _KNOWN.items():
            if (value := getattr(self, name)) not in known and (name, value) != ('unlisted', None):
                raise ValueError(advise(Option(name, value), f': use {_either(known)}'))
        if not self.separator or self.separator.strip() == ALL_OTHERS:
            _refuse(self, 'separator', 'use a sign like "|" or ";"')
        if isinstance(self.ignored, str):
            _refuse(self, 'ignored', 'give a list of names')
        if self.nothing and self.separator in self.nothing.strip():
            _refuse(self, 'nothing', f'it holds the separator {self.separator!r}; give another')
        if self.suffix and not re.fullmatch(r'(\.[\w-]+)+', self.suffix):
            _refuse(self, 'suffix', 'write it like ".jpg"')
        read_signs(self.signs)
        self._check_layout()

    @property
    def rest(self) -> int:
        """The value of labels that no cell lists."""
        return UNOBSERVED if self.unlisted is None else UNLISTED[self.unlisted]

    def _check_layout(self) -> None:
        """Refuses options that the layout would leave unread."""
        usual = {f.name: f.default for f in fields(self)}
        for name, layouts in _ONLY_FOR.items():
            if self.layout not in layouts and getattr(self, name) not in (usual[name], [], {}):
                _refuse(self, name, f'is for {_either(layouts, "layout=")} only; leave it out')
        extra = [n for n in ('positive', 'negative') if getattr(self.columns, n) != n]
        if self.layout != 'lists' and extra:
            said = Option('columns', {extra[0]: getattr(self.columns, extra[0])})
            raise ValueError(advise(said, ': is for layout="lists" only; leave it out'))


def _refuse(form: TableFormat, name: str, what: str) -> None:
    raise ValueError(advise(Option(name, getattr(form, name)), f': {what}'))


def _either(values: Iterable[str], before: str = '') -> str:
    return ' or '.join(f'{before}"{value}"' for value in values)


class Batch(NamedTuple):
    """Some rows as they stand in the file.

    Args:
        lines: (N,) where each begins, or its number where the file has no lines.
        images: N names, or null.
        positive: N cells of separated names, lists of names, or null.
        negative: likewise.
    """

    lines: NDArray[np.int64]
    images: pa.Array
    positive: pa.Array
    negative: pa.Array


def batches(rows: Iterable[tuple[int, Any, Any, Any]], cells: pa.DataType) -> Iterator[Batch]:
    """Yields rows of line, image, positive and negative cell as batches; cells are of one type."""
    rows = iter(rows)
    while some := list(islice(rows, BATCH)):
        lines, images, positive, negative = zip(*some, strict=True)
        columns = [
            pa.array(images, pa.string()),
            *(pa.array(c, cells) for c in (positive, negative)),
        ]
        yield Batch(np.array(lines, np.int64), *columns)
