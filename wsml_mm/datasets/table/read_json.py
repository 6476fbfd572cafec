"""Tables of labels as JSON: a list of objects, one object a line, or MMPretrain's own format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

from .check import image_name
from .classes import ALL_OTHERS, label_error, not_utf8
from .layout import LISTS, Batch, TableFormat, batches
from .problem import RowError, RowErrors

_WRITE = 'write it anew with json.dump'
_NOT_BLANK = re.compile(r'[^ \t\n\r]')
Row = tuple[int, Any, Any, Any]  # line, image, cells of positive and negative labels


def read_json(
    path: Path, layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None = None
) -> tuple[Iterator[Batch], tuple[str, ...] | None]:
    """Reads a JSON file: its text is held in memory, its objects one at a time.

    Three layouts: a list of objects with the keys `layout.columns`; JSON Lines, one such object a
    line; MMPretrain's `{"metainfo": ..., "data_list": ...}`, where `gt_label` (indices) says that
    all other classes are absent, unless `layout.unlisted` says 'unobserved', and `gt_score` has
    1, 0 or -1 for each.

    Args:
        path: of the file.
        layout: how to read it.
        errors: takes those of what are no rows.
        classes: to read indices by where the file names none.

    Returns:
        The rows, and the classes that the file itself names.
    """
    rows: Iterator[Row] = iter(())
    named = None
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        errors.add(None, not_utf8(error))
    else:
        begin = _skip(text, 0)
        if text[begin : begin + 1] == '[':
            rows = _rows(_elements(text, begin, errors), layout, errors)
        elif (content := _mmpretrain_content(text)) is not None:
            named = _mmpretrain_classes(content, errors, classes)
            rows = (
                _mmpretrain_rows(content['data_list'], named, layout.unlisted, errors)
                if named
                else rows
            )
        else:
            rows = _rows(_lines(text, errors), layout, errors)
    return batches(_texts(rows, layout.separator, errors), LISTS), named


def _lines(text: str, errors: RowErrors) -> Iterator[tuple[int, Any]]:
    """Yields the object of each line, and its number."""
    for line, part in enumerate(text.split('\n'), 1):
        if not part.strip():
            continue
        try:
            item = json.loads(part)
        except (ValueError, RecursionError) as error:
            errors.add(line, _broken(error))
        else:
            yield line, item


def _elements(text: str, at: int, errors: RowErrors) -> Iterator[tuple[int, Any]]:
    """Yields each element of a list that begins at a place in a text, and its line."""
    decode = json.JSONDecoder().raw_decode
    line, counted, mark = 1, 0, ','
    while mark == ',':
        at = _skip(text, at + 1)
        line, counted = line + text.count('\n', counted, at), at
        if text[at : at + 1] == ']':
            break
        try:
            item, at = decode(text, at)
        except (ValueError, RecursionError) as error:
            errors.add(line, _broken(error))
            return
        yield line, item
        at = _skip(text, at)
        mark = text[at : at + 1]
    line += text.count('\n', counted, at)
    if text[at : at + 1] != ']':
        errors.add(line, _broken('no comma or ] after the object'))
    elif (rest := _skip(text, at + 1)) < len(text):
        errors.add(line + text.count('\n', at, rest), _broken('text after the list'))


def _skip(text: str, at: int) -> int:
    """Returns the place of the next sign that is not blank."""
    found = _NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def _broken(error: str | Exception) -> RowError:
    why = error if isinstance(error, str) else getattr(error, 'msg', 'nested too deeply')
    return RowError('broken row', f'is not JSON ({why})', _WRITE)


def _rows(
    objects: Iterator[tuple[int, Any]], layout: TableFormat, errors: RowErrors
) -> Iterator[Row]:
    names = layout.columns
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
            if error := names.error_in(keys, 'the object'):
                errors.add(line, error)
                continue
            right.add(keys)
        yield line, item[names.image], item[names.positive], item.get(names.negative)


def _texts(rows: Iterator[Row], separator: str, errors: RowErrors) -> Iterator[Row]:
    """Yields rows whose images and labels are text, each cell a list or None."""
    for line, image, *cells in rows:
        if not (image is None or _are_text(image)) and isinstance(
            error := image_name(image), RowError
        ):
            errors.add(line, error)
            continue
        for side, cell in enumerate(cells):
            if isinstance(cell, str):
                cells[side] = cell = cell.split(separator) if cell.strip() else []
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
        ''.join(names).encode()
    except (TypeError, UnicodeEncodeError):  # half of a Unicode pair, which escapes can say
        return False
    return True


def _mmpretrain_content(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) and 'data_list' in content else None


def _mmpretrain_classes(
    content: dict[str, Any], errors: RowErrors, classes: Sequence[str] | None
) -> tuple[str, ...] | None:
    info = content.get('metainfo')
    named = info.get('classes') if isinstance(info, dict) else None
    named = named or classes
    if not isinstance(named, (list, tuple)) or not all(isinstance(n, str) for n in named):
        fix = 'add "metainfo": {"classes": [...]}'
        errors.add(None, RowError('header', 'metainfo names no classes', fix))
    elif not isinstance(content['data_list'], list):
        errors.add(None, RowError('header', 'data_list is not a list', _WRITE))
    else:
        return tuple(named)
    return None


def _mmpretrain_rows(
    items: list[Any], classes: tuple[str, ...], unlisted: str | None, errors: RowErrors
) -> Iterator[Row]:
    errors.place = ': data_list[{}]'
    for at, item in enumerate(items):
        if not isinstance(item, dict) or not {'gt_label', 'gt_score'} & set(item):
            what = 'has neither gt_label nor gt_score'
            errors.add(at, RowError('broken row', what, 'add one to the annotation'))
            continue
        found = (_of_scores if 'gt_score' in item else _of_indices)(item, classes, unlisted)
        if isinstance(found, RowError):
            errors.add(at, found, str(item.get('img_path')))
        else:
            yield at, item.get('img_path'), *found


def _of_scores(
    item: dict[str, Any], classes: tuple[str, ...], unlisted: str | None
) -> tuple[list[str], list[str]] | RowError:
    score = np.asarray(item['gt_score'], dtype=object)
    known = [label in (POSITIVE, NEGATIVE, UNOBSERVED) for label in score.flat]
    if score.shape != (len(classes),) or not all(known):
        what = f'gt_score must be {len(classes)} values of {{1, 0, -1}}'
        fix = 'convert other encodings with wsml_mm.labels.decode_labels'
        return RowError('broken labels', what, fix)
    if unlisted == 'negative' and UNOBSERVED in score:
        what = "gt_score has -1 (unobserved), against unlisted='negative'"
        return RowError('broken labels', what, 'leave unlisted out, or write 0 for absent classes')
    pairs = list(zip(classes, score.tolist(), strict=True))
    return [n for n, v in pairs if v == POSITIVE], [n for n, v in pairs if v == NEGATIVE]


def _of_indices(
    item: dict[str, Any], classes: tuple[str, ...], unlisted: str | None
) -> tuple[list[str], list[str]] | RowError:
    listed = np.atleast_1d(np.asarray(item['gt_label'], dtype=object)).tolist()
    if bad := [i for i in listed if type(i) is not int or not 0 <= i < len(classes)]:
        what = f'gt_label {listed} has {bad[0]!r}, outside 0..{len(classes) - 1}'
        return RowError('broken labels', what, 'check the class list')
    return [classes[i] for i in listed], [] if unlisted == 'unobserved' else [ALL_OTHERS]
