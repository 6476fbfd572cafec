"""The objects of a JSON text, one at a time and with their lines."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import Any

from wsml_mm.labels.json_files import unique_keys, why_not_json

from .advice import Option, advise
from .class_file import distinct_classes
from .classes import ALL_OTHERS
from .column_names import ColumnNames
from .problem import RowError, RowErrors

_NOT_BLANK = re.compile(r'[^ \t\n\r]')
Row = tuple[int, Any, Any, Any]  # line, image, cells of positive and negative labels


def parse(text: str) -> Any:
    """Returns the value of a JSON text, without the outlines of objects, which are never read.

    Raises:
        ValueError: if it is not JSON, or a key is twice in one object.
        RecursionError: if it is nested too deeply.
    """
    if text.startswith('\ufeff'):
        return json.loads(text)  # which refuses it
    return _decoder().decode(text)


def lines_of(text: str, errors: RowErrors) -> Iterator[tuple[int, Any]]:
    """Yields the object of each line, and its number; empty lines are passed over."""
    for line, part in enumerate(text.split('\n'), 1):
        if not part.strip():
            continue
        try:
            item = parse(part)
        except (ValueError, RecursionError) as error:
            errors.add(line, broken(error))
        else:
            yield line, item


def elements_of(text: str, at: int, errors: RowErrors) -> Iterator[tuple[int, Any]]:
    """Yields each element of a list that begins at a place in a text, and its line."""
    decode = _decoder().raw_decode
    line, counted, mark = 1, 0, ','
    while mark == ',':
        at = skip(text, at + 1)
        line, counted = line + text.count('\n', counted, at), at
        if text[at : at + 1] == ']':
            break
        try:
            item, at = decode(text, at)
        except (ValueError, RecursionError) as error:
            errors.add(line, broken(error))
            return
        yield line, item
        at = skip(text, at)
        mark = text[at : at + 1]
    line += text.count('\n', counted, at)
    if text[at : at + 1] != ']':
        fix = 'write it anew with json.dump'
        if at == len(text):
            fix = 'if the file is cut off, export or copy it again'
        what = 'is not JSON (no comma or ] after the object)'
        errors.add(line, RowError('broken row', what, fix))
    elif (rest := skip(text, at + 1)) < len(text):
        what = 'is not JSON (text after the list)'
        place = line + text.count('\n', at, rest)
        errors.add(place, RowError('broken row', what, 'remove it'))


def skip(text: str, at: int) -> int:
    """Returns the place of the next sign that is not blank."""
    found = _NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def broken(error: Exception) -> RowError:
    """Returns the error of a row that `json` refuses."""
    return RowError('broken row', *why_not_json(error))


def listed_classes(named: Any, key: str, errors: RowErrors) -> tuple[str, ...] | None:
    """Returns the class names that a file lists, None where they cannot be.

    Args:
        named: what stands in the file.
        key: where, for messages.
        errors: takes what is wrong; a name that is left out would move the indices of the others.
    """
    if not isinstance(named, (list, tuple)) or not all(isinstance(n, str) for n in named):
        what = f'{key} names no classes, but {json.dumps(named, default=str)[:40]}'
        errors.add(None, RowError('header', what, 'list their names in order'))
        return None
    before = errors.count
    distinct_classes(
        [(key, name) for name in named],
        lambda problem: errors.add(
            None, RowError(problem.kind, f'{key}: {problem.what}', 'rename it in the file')
        ),
    )
    return tuple(named) if errors.count == before else None


def names_or_error(names: list[str]) -> list[str] | RowError:
    """Returns the labels of a tool's file, each once; the sign for all others is none of them."""
    if ALL_OTHERS in names:
        what = f'a label is called {ALL_OTHERS!r}, which stands for all other classes here'
        return RowError('broken labels', what, 'rename it')
    return list(dict.fromkeys(names))


def missing_negative(names: ColumnNames, keys: Collection[str]) -> RowError | None:
    """Returns the error of a column of negative labels that is named, but nowhere."""
    if names.negative in keys or names.negative == ColumnNames().negative:
        return None
    listed = ', '.join(map(repr, [*keys][:8]))
    what = f'nothing has {names.negative!r}, only {listed}'
    return RowError('header', what, advise('correct ', Option('columns', {'negative': ...})))


@cache  # one for all lines: to make it takes as long as to read one
def _decoder() -> json.JSONDecoder:
    return json.JSONDecoder(object_pairs_hook=_without_outlines)


def _without_outlines(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = unique_keys(pairs)
    found.pop('segmentation', None)  # nine tenths of a COCO file
    return found
