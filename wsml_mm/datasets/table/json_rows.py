"""One's own rows of a JSON file, and the cells of all rows made lists of names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from .cells import names_of
from .classes import Vocabulary, label_error
from .column_names import ColumnNames
from .image_names import image_name
from .json_items import Row
from .layout import TableFormat
from .problem import RowError, RowErrors


def own_rows(
    objects: Iterator[tuple[int, Any]], layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    """Yields the rows of objects with the keys `layout.columns`, or with images alone.

    Args:
        objects: line and object of each row.
        layout: how to read them.
        errors: takes those of what are no rows.
    """
    names, alone = layout.columns, layout.layout == 'images'
    right: set[tuple[str, ...]] = set()
    for line, item in objects:
        if not isinstance(item, dict):
            fix = f'write {{"{names.image}": ...}}'
            errors.add(
                line, RowError('broken row', f'{json.dumps(item)[:40]} is not an object', fix)
            )
            continue
        keys = tuple(item)
        if keys not in right:
            if error := _error_in(names, keys, alone):
                errors.add(line, error)
                continue
            right.add(keys)
        if alone:
            yield line, item[names.image], None, None
        else:
            yield line, item[names.image], item[names.positive], item.get(names.negative)


def _error_in(names: ColumnNames, keys: tuple[str, ...], alone: bool) -> RowError | None:
    if alone:
        return names.image_error_in(keys, 'the object')
    return names.error_in(keys, 'the object', layouts=('images',))


def as_texts(rows: Iterator[Row], vocabulary: Vocabulary, errors: RowErrors) -> Iterator[Row]:
    """Yields rows whose images and labels are text, each cell a list or None."""
    for line, image, *cells in rows:
        if not (image is None or _are_text(image)) and isinstance(
            error := image_name(image), RowError
        ):
            errors.add(line, error)
            continue
        for side, cell in enumerate(cells):
            if isinstance(cell, str):
                cells[side] = cell = names_of(cell, vocabulary)
            if cell is not None and not isinstance(cell, list):
                what = f'{json.dumps(cell)[:40]} is not a list'
                errors.add(line, RowError('broken labels', what, 'list class names'), image)
                cells[side] = None
            elif cell and not _are_text(*cell):
                for name in cell:
                    if not _are_text(name):
                        errors.add(line, label_error(name), image)
                cells[side] = [name for name in cell if _are_text(name)]
        yield line, image, cells[0], cells[1]


def _are_text(*names: Any) -> bool:
    try:
        if not (text := ''.join(names)).isascii():
            text.encode()
    except (TypeError, UnicodeEncodeError):  # half of a Unicode pair, which escapes can say
        return False
    return True
