"""Tables of labels as JSON: one's own rows, MMPretrain's format, and exports of tools."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, NamedTuple

from wsml_mm.labels.json_files import json_text

from .advice import Option, advise
from .classes import Vocabulary, not_utf8
from .json_coco import is_coco, read_coco
from .json_fiftyone import is_classification, is_samples, read_classification, read_samples
from .json_items import Row, broken, elements_of, lines_of, parse, skip
from .json_label_studio import is_label_studio, read_label_studio
from .json_mmpretrain import is_mmpretrain, read_mmpretrain
from .json_rows import as_texts, own_rows
from .layout import LISTS, Batch, TableFormat, batches
from .problem import RowErrors

Rows = tuple[Iterator[Row], tuple[str, ...] | None]


class _Kind(NamedTuple):
    """A file that is one object.

    Args:
        holds: tells by the keys whether it is one.
        read: returns its rows, and the classes that it names.
    """

    holds: Callable[[dict[str, Any]], bool]
    read: Callable[[dict[str, Any], TableFormat, RowErrors, Sequence[str] | None], Rows]


_KINDS = (
    _Kind(is_mmpretrain, read_mmpretrain),
    _Kind(is_coco, read_coco),
    _Kind(is_classification, read_classification),
    _Kind(is_samples, read_samples),
)


def read_json(
    path: Path, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None = None
) -> tuple[Iterator[Batch], tuple[str, ...] | None]:
    """Reads a JSON file: its text is held in memory, its objects one at a time where they are rows.

    One's own rows are a list of objects with the keys `layout.columns`, or JSON Lines, one such
    object a line. What else a file is shows in its keys: MMPretrain's format, COCO's instances,
    FiftyOne's classifications or samples, Label Studio's JSON or JSON-MIN.

    Args:
        path: of the file.
        layout: how to read it.
        errors: takes those of what are no rows, and notes what the file was read as.
        classes: to read indices by where the file names none.

    Returns:
        The rows, and the classes that the file itself names.

    Raises:
        ValueError: if the layout is not one of what the file is.
    """
    rows: Iterator[Row] = iter(())
    named = None
    try:
        text = json_text(path.read_bytes())
    except UnicodeDecodeError as error:
        errors.add(None, not_utf8(error))
    else:
        rows, named = _rows_of(text, layout, errors, classes)
    vocabulary = Vocabulary(named if classes is None else classes, layout.separator)
    return batches(as_texts(rows, vocabulary, errors), LISTS), named


def _rows_of(
    text: str, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> Rows:
    begin = skip(text, 0)
    if text[begin : begin + 1] == '[':
        return _of_objects(elements_of(text, begin, errors), layout, errors), None
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        if _has_lines(text):
            return _of_objects(lines_of(text, errors), layout, errors), None
        if text.strip():
            errors.add(getattr(error, 'lineno', 1), broken(error))
        return iter(()), None
    if isinstance(content, dict):
        for kind in _KINDS:
            if kind.holds(content):
                _check_layout(layout, errors)
                return kind.read(content, layout, errors, classes)
    return _of_objects(iter([(text.count('\n', 0, begin) + 1, content)]), layout, errors), None


def _has_lines(text: str) -> bool:
    """Tells whether a text is JSON Lines, some broken, not one value that is."""
    some = list(islice((line for line in text.split('\n') if line.strip()), 3))
    for line in some:
        try:
            parse(line)
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _of_objects(
    objects: Iterator[tuple[int, Any]], layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    first = next(objects, None)
    if first is None:
        return iter(())
    objects = chain([first], objects)
    if not is_label_studio(first[1]):
        return own_rows(objects, layout, errors)
    _check_layout(layout, errors)
    return read_label_studio(objects, layout, errors)


def _check_layout(layout: TableFormat, errors: RowErrors) -> None:
    """Refuses to read the images alone of what a tool exported."""
    if layout.layout != 'lists':
        fix = ' is for plain rows of JSON, not for exports; leave it out, or list the images alone'
        raise ValueError(advise(f'{errors.path}: ', Option('layout', layout.layout), fix))
