"""Tables of labels as JSON: a list of objects, one object a line, or MMPretrain's own format."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

from .cells import ALL_OTHERS
from .fault import Fault, Report
from .rows import ColumnNames, Row, RowSource

_WRITE = 'write it anew with json.dump'
_NOT_BLANK = re.compile(r'[^ \t\n\r]')
_PLACE = ': data_list[{}]'


def open_json(
    path: Path, names: ColumnNames, report: Report, classes: Sequence[str] | None = None
) -> RowSource:
    """Opens a JSON file: its text is held in memory, its objects one at a time.

    Three layouts: a list of objects with the keys `names`; JSON Lines, one such object a line;
    MMPretrain's `{"metainfo": ..., "data_list": ...}`, where `gt_label` (indices) says that all
    other classes are absent and `gt_score` has 1, 0 or -1 for each.

    Args:
        path: of the file.
        names: of the keys.
        report: takes the faults of what are no rows.
        classes: to read indices by where the file names none.
    """
    try:
        text = path.read_text(encoding='utf-8-sig')
    except UnicodeDecodeError as error:
        what = f'is no UTF-8 text ({error.reason} at byte {error.start})'
        report(Fault('not UTF-8', str(path), what, 'save the file as UTF-8'))
        return RowSource(path)
    begin = _skip(text, 0)
    if text[begin : begin + 1] == '[':
        return RowSource(path, _rows(_elements(text, begin, path, report), path, names, report))
    content = _single_object(text)
    if content is not None and 'data_list' in content:
        return _open_mmpretrain(content, path, report, classes)
    return RowSource(path, _rows(_lines(text, path, report), path, names, report))


def _single_object(text: str) -> dict[str, Any] | None:
    try:
        content = json.loads(text)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _lines(text: str, path: Path, report: Report) -> Iterator[tuple[int, Any]]:
    """Yields the object of each line, and its number."""
    for line, part in enumerate(text.split('\n'), 1):
        if not part.strip():
            continue
        try:
            item = json.loads(part)
        except (ValueError, RecursionError) as error:
            report(_broken(path, line, error))
        else:
            yield line, item


def _elements(text: str, at: int, path: Path, report: Report) -> Iterator[tuple[int, Any]]:
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
            report(_broken(path, line, error))
            return
        yield line, item
        at = _skip(text, at)
        mark = text[at : at + 1]
    line += text.count('\n', counted, at)
    if text[at : at + 1] != ']':
        report(_broken(path, line, 'no comma or ] after the object'))
    elif (rest := _skip(text, at + 1)) < len(text):
        report(_broken(path, line + text.count('\n', at, rest), 'text after the list'))


def _skip(text: str, at: int) -> int:
    """Returns the place of the next sign that is not blank."""
    found = _NOT_BLANK.search(text, at)
    return found.start() if found else len(text)


def _broken(path: Path, line: int, error: str | Exception) -> Fault:
    why = error if isinstance(error, str) else getattr(error, 'msg', 'nested too deeply')
    return Fault('broken row', f'{path}:{line}', f'is no JSON ({why})', _WRITE)


def _rows(
    objects: Iterator[tuple[int, Any]], path: Path, names: ColumnNames, report: Report
) -> Iterator[Row]:
    right: set[tuple[str, ...]] = set()
    for line, item in objects:
        if not isinstance(item, dict):
            what = f'{json.dumps(item)[:40]} is no object'
            report(Fault('broken row', f'{path}:{line}', what, f'write {{"{names.image}": ...}}'))
            continue
        keys = tuple(item)
        if keys not in right:
            if fault := names.fault_in(keys, f'{path}:{line}', 'the object'):
                report(fault)
                continue
            right.add(keys)
        yield Row(line, item[names.image], item[names.positive], item.get(names.negative))


def _open_mmpretrain(
    content: dict[str, Any], path: Path, report: Report, classes: Sequence[str] | None
) -> RowSource:
    info = content.get('metainfo')
    named = info.get('classes') if isinstance(info, dict) else None
    named = named or classes
    items = content['data_list']
    right = isinstance(named, (list, tuple)) and all(isinstance(n, str) for n in named)
    if not right or not isinstance(items, list):
        what = 'metainfo names no classes' if not right else 'data_list is no list'
        mend = 'add "metainfo": {"classes": [...]}' if not right else _WRITE
        report(Fault('header', str(path), what, mend))
        return RowSource(path)
    assert named is not None
    rows = _mmpretrain_rows(items, list(named), str(path), report)
    return RowSource(path, rows, _PLACE, tuple(named))


def _mmpretrain_rows(
    items: list[Any], classes: list[str], path: str, report: Report
) -> Iterator[Row]:
    for at, item in enumerate(items):
        where = path + _PLACE.format(at)
        if not isinstance(item, dict) or not {'gt_label', 'gt_score'} & set(item):
            what = 'has neither gt_label nor gt_score'
            report(Fault('broken row', where, what, 'add one to the annotation'))
            continue
        image = item.get('img_path')
        if 'gt_score' in item:
            score = np.asarray(item['gt_score'], dtype=object)
            known = [label in (POSITIVE, NEGATIVE, UNOBSERVED) for label in score.flat]
            if score.shape != (len(classes),) or not all(known):
                what = f'gt_score must be {len(classes)} values of {{1, 0, -1}}'
                mend = 'convert other encodings with wsml_mm.datasets.decode_labels'
                report(Fault('broken labels', where, what, mend, str(image)))
                continue
            values = score.tolist()
            positive = [n for n, v in zip(classes, values, strict=True) if v == POSITIVE]
            negative = [n for n, v in zip(classes, values, strict=True) if v == NEGATIVE]
            yield Row(at, image, positive, negative)
            continue
        listed = np.atleast_1d(np.asarray(item['gt_label'], dtype=object)).tolist()
        if bad := [i for i in listed if type(i) is not int or not 0 <= i < len(classes)]:
            what = f'gt_label {listed} has {bad[0]!r}, outside 0..{len(classes) - 1}'
            report(Fault('broken labels', where, what, 'check the class list', str(image)))
            continue
        yield Row(at, image, [classes[i] for i in listed], [ALL_OTHERS])
