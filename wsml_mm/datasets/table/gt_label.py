"""MMPretrain's `gt_label`, indices of the positive classes; a 0/1 vector is found out.

A 0/1 vector such as [1, 0] would pass for the indices 1 and 0. With three classes or more it lists
an index twice, so that it is known for what it is; with one or two, only other rows can tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np

from wsml_mm.labels.encoding import POSITIVE

from .problem import RowError

_SCORES = 'write gt_score instead: 1, 0 or -1 (unobserved) for each class'


def holds_vectors(gt_labels: Iterable[Any], num_classes: int) -> bool | RowError:
    """Tells whether the rows of a data set are 0/1 vectors, not indices.

    Args:
        gt_labels: of all rows; those that are neither are left to `positive_classes`.
        num_classes: C.

    Returns:
        The answer, or the error where every row may be either.
    """
    sure_vector = either = False
    for gt_label in gt_labels:
        values = _values(gt_label)
        vector, indices = _may_be_vector(values, num_classes), _may_be_indices(values, num_classes)
        if indices and not vector:
            return False
        sure_vector |= vector and not indices
        if vector and indices:
            either = True
    if either and not sure_vector:
        what = f'gt_label may be indices or a 0/1 vector of the {num_classes} class'
        return RowError('broken labels', what + 'es' * (num_classes > 1), _SCORES)
    return sure_vector


def positive_classes(
    gt_label: Any, classes: Sequence[str], vectors: bool = False, named: bool = False
) -> list[int] | RowError:
    """Returns the indices that a row lists, as indices or names, or why it cannot be read.

    Args:
        gt_label: of the row.
        classes: the C names.
        vectors: of `holds_vectors`.
        named: whether names may stand for indices.
    """
    if gt_label is None:
        fix = 'write [] if no class is there, or gt_score with -1 for what is unknown'
        return RowError('broken labels', 'gt_label is null', fix)
    values, last = _values(gt_label), len(classes) - 1
    shown = f'gt_label {str(values)[:60]}'
    if vectors:
        if _may_be_vector(values, len(classes)):
            return [index for index, value in enumerate(values) if value]
        what = f'{shown} is not {len(classes)} values of 1 or 0, as in other rows'
        return RowError('broken labels', what, 'correct it, or ' + _SCORES)
    if named and values and all(isinstance(value, str) for value in values):
        return _of_names(values, classes)
    if bad := [v for v in values if not isinstance(v, Integral) or isinstance(v, bool)]:
        what = f'{shown} has {str(bad[0])[:20]!r}, no index of 0..{last}'
        return RowError('broken labels', what, 'list whole numbers, without quotation marks')
    if bad := [v for v in values if not 0 <= v <= last]:
        what = f'{shown} has {str(bad[0])[:20]}, outside 0..{last}'
        scores = len(values) > last and {*values} <= {1, 0, -1}
        return RowError('broken labels', what, _SCORES if scores else 'check the class list')
    if len({*values}) < len(values) and _may_be_vector(values, len(classes)):
        what = f'{shown} is a 0/1 vector, or lists a class twice'
        return RowError('broken labels', what, 'list each index once, as in other rows')
    return [int(v) for v in values]


def contradicts(gt_label: Any, score: Any, classes: Sequence[str]) -> RowError | None:
    """Returns the error of a row that has both, where `gt_label` is not what `gt_score` says."""
    positive = np.flatnonzero(np.asarray(score) == POSITIVE).tolist()
    listed = positive_classes(gt_label, classes, _may_be_vector(_values(gt_label), len(classes)))
    plain = positive_classes(gt_label, classes)
    if any(isinstance(found, list) and sorted(found) == positive for found in (listed, plain)):
        return None
    what = f'gt_label {str(gt_label)[:60]} is not what gt_score says, {positive}'
    return RowError('contradiction', what, 'remove the one that is wrong')


def _values(gt_label: Any) -> list[Any]:
    if isinstance(gt_label, list):
        return gt_label
    found: list[Any] = np.atleast_1d(np.asarray(gt_label, dtype=object)).tolist()
    return found


def _may_be_vector(values: list[Any], num_classes: int) -> bool:
    numbers = all(isinstance(value, (bool, int, float, np.number, np.bool_)) for value in values)
    return len(values) == num_classes and numbers and all(value in (0, 1) for value in values)


def _may_be_indices(values: list[Any], num_classes: int) -> bool:
    whole = all(isinstance(v, Integral) and not isinstance(v, bool) for v in values)
    in_range = whole and all(0 <= v < num_classes for v in values)
    return in_range and len({*values}) == len(values)


def _of_names(names: list[str], classes: Sequence[str]) -> list[int] | RowError:
    for name in names:
        if name not in classes:
            fix = 'name classes of the list, or write indices without quotation marks'
            what = f'gt_label {str(names)[:60]} has {name[:40]!r}, which is no class'
            return RowError('broken labels', what, fix)
        if name.isdecimal() and int(name) < len(classes) and classes[int(name)] != name:
            what = f'gt_label has {name!r}, which may be a name or an index'
            return RowError('broken labels', what, 'write indices without quotation marks')
    return [list(classes).index(name) for name in names]
