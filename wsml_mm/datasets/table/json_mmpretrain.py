"""MMPretrain's own multi-label JSON as rows of a table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED

from .advice import Option, advise
from .classes import ALL_OTHERS
from .gt_label import contradicts, holds_vectors, positive_classes
from .json_items import Row, listed_classes
from .layout import TableFormat
from .problem import RowError, RowErrors

Sides = tuple[list[str], list[str]]  # positive and negative labels


def is_mmpretrain(content: dict[str, Any]) -> bool:
    """Tells whether an object is MMPretrain's `{"metainfo": ..., "data_list": ...}`."""
    return 'data_list' in content


def read_mmpretrain(
    content: dict[str, Any], layout: TableFormat, errors: RowErrors, classes: Sequence[str] | None
) -> tuple[Iterator[Row], tuple[str, ...] | None]:
    """Reads `gt_label` or `gt_score` (1, 0 or -1 for each class).

    Classes that a `gt_label` does not list are absent, unless `layout.unlisted` says unobserved.

    Args:
        content: of the file.
        layout: how to read it.
        errors: takes those of rows and of the list of classes.
        classes: to read indices by where the file names none.

    Returns:
        The rows, and the classes that the file itself names.
    """
    errors.notes.append("MMPretrain's JSON")
    info = content.get('metainfo')
    named = (info.get('classes') if isinstance(info, dict) else None) or classes
    if named is None:
        fix = 'add "metainfo": {"classes": [...]}'
        errors.add(None, RowError('header', 'metainfo names no classes', fix))
        return iter(()), None
    names = listed_classes(named, 'metainfo', errors)
    if names is None:
        return iter(()), None
    if not isinstance(items := content['data_list'], list):
        fix = 'write a list of objects'
        errors.add(None, RowError('header', 'data_list is not a list', fix))
        return iter(()), names
    return _rows(items, names, layout.unlisted, errors), names


def _rows(
    items: list[Any], classes: tuple[str, ...], unlisted: str | None, errors: RowErrors
) -> Iterator[Row]:
    errors.place = ': data_list[{}]'
    plain = (i for i in items if isinstance(i, dict) and 'gt_score' not in i and 'gt_label' in i)
    vectors = holds_vectors((item['gt_label'] for item in plain), len(classes))
    if isinstance(vectors, RowError):
        errors.add(None, vectors)
        return
    if vectors:
        errors.notes.append('gt_label: 0/1 vectors')
    for at, item in enumerate(items):
        if not isinstance(item, dict) or not {'gt_label', 'gt_score'} & set(item):
            what = 'has neither gt_label nor gt_score'
            errors.add(at, RowError('broken row', what, 'add one to the annotation'))
            continue
        if 'gt_score' in item:
            found = _of_scores(item, classes, unlisted)
        else:
            found = _of_label(item, classes, vectors, unlisted)
        if isinstance(found, RowError):
            errors.add(at, found, str(item.get('img_path')))
        else:
            yield at, item.get('img_path'), *found


def _of_scores(
    item: dict[str, Any], classes: tuple[str, ...], unlisted: str | None
) -> Sides | RowError:
    score = np.asarray(item['gt_score'], dtype=object)
    known = [label in (POSITIVE, NEGATIVE, UNOBSERVED) for label in score.flat]
    if score.shape != (len(classes),) or not all(known):
        what = f'gt_score must be {len(classes)} values of {{1, 0, -1}}'
        fix = 'convert other encodings with wsml_mm.labels.decode_labels'
        if score.shape and None in score.tolist():
            fix = 'write -1 for what is unknown, not null'
        return RowError('broken labels', what, fix)
    if 'gt_label' in item and (error := contradicts(item['gt_label'], score, classes)):
        return error
    if unlisted == 'negative' and UNOBSERVED in score:
        what = advise('gt_score has -1 (unobserved), against ', Option('unlisted', unlisted))
        return RowError('broken labels', what, 'leave unlisted out, or write 0 for absent classes')
    pairs = list(zip(classes, score.tolist(), strict=True))
    return [n for n, v in pairs if v == POSITIVE], [n for n, v in pairs if v == NEGATIVE]


def _of_label(
    item: dict[str, Any], classes: tuple[str, ...], vectors: bool, unlisted: str | None
) -> Sides | RowError:
    positive = positive_classes(item['gt_label'], classes, vectors, named=True)
    if isinstance(positive, RowError):
        return positive
    listed_only = unlisted == 'unobserved' and not vectors  # the zeros of a vector are said
    return [classes[index] for index in positive], [] if listed_only else [ALL_OTHERS]
