"""What people say of suspicions, and the labels that come of it: all of it, or an error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from wsml_mm.labels.encoding import NEGATIVE, POSITIVE, UNOBSERVED
from wsml_mm.labels.sparse import SparseLabels
from wsml_mm.labels.wording import nearest

ACCEPT, REJECT, UNSURE = 'accept', 'reject', 'unsure'
VERDICTS = (ACCEPT, REJECT, UNSURE)
# What a verdict makes of a label, whatever it was: applied twice, verdicts do what they do once.
_MEANT = {ACCEPT: POSITIVE, REJECT: NEGATIVE, UNSURE: None}
_WORDS = {POSITIVE: 'positive', NEGATIVE: 'negative', UNOBSERVED: 'unobserved'}


class Verdict(NamedTuple):
    """One person's verdict on one label.

    Attributes:
        image: name in the data set.
        label: name of the class.
        verdict: 'accept': the class is in the image; 'reject': it is not; 'unsure'.
        annotator: who; '': not said.
        where: file and line, for messages.
    """

    image: str
    label: str
    verdict: str
    annotator: str = ''
    where: str = ''


class Decided(NamedTuple):
    """Labels that are decided, (K,) each, ascending by row and class.

    Attributes:
        rows: of the images.
        classes: indices.
        values: 1 or 0; -1 where nothing is decided.
    """

    rows: NDArray[np.int64]
    classes: NDArray[np.int64]
    values: NDArray[np.int8]


def decide(
    verdicts: Iterable[Verdict],
    labels: SparseLabels,
    names: Sequence[str],
    classes: Sequence[str],
    on_conflict: str = 'refuse',
) -> Decided:
    """Returns the labels that verdicts decide.

    Args:
        verdicts: of all people. Who is unsure says nothing against who is sure.
        labels: (N, C) observed.
        names: of the N images.
        classes: C names.
        on_conflict: 'refuse', or 'unsure': what two people see differently stays as it is.

    Raises:
        ValueError: in one line, of a label that is not in the data, or that two people see
            differently.
    """
    rows = {name: row for row, name in enumerate(names)}
    if len(rows) < len(names):
        twice = next(name for name in names if list(names).count(name) > 1)
        raise ValueError(
            f'image {twice!r} is there twice, so a verdict could be of either; give each image a '
            'name of its own'
        )
    columns = {name: place for place, name in enumerate(classes)}
    given: dict[tuple[int, int], list[Verdict]] = {}
    for each in verdicts:
        given.setdefault((_place(each, rows, columns)), []).append(each)
    places = sorted(given)
    at = np.array(places, np.int64).reshape(-1, 2)
    values = [_value(given[place], on_conflict) for place in places]
    return Decided(at[:, 0], at[:, 1], np.array(values, np.int8))


def _place(each: Verdict, rows: dict[str, int], columns: dict[str, int]) -> tuple[int, int]:
    if each.label not in columns:
        near = nearest(each.label, columns)
        hint = f'did you mean {near!r}?' if near else f'the classes are {", ".join(columns)}'
        raise ValueError(
            f'{each.where}: {each.label!r} is no class of the data ({hint[:200]}); apply the '
            'verdicts to the data that were audited'
        )
    if each.image not in rows:
        near = nearest(each.image, rows) if len(rows) < 10_000 else ''  # else it takes seconds
        hint = f' (did you mean {near!r}?)' if near else ''
        raise ValueError(
            f'{each.where}: image {each.image!r} is not in the data{hint}; apply the verdicts to '
            'the data that were audited'
        )
    return rows[each.image], columns[each.label]


def _value(given: Sequence[Verdict], on_conflict: str) -> int:
    """Returns the label that verdicts on it decide; -1: none."""
    decided: dict[int, Verdict] = {}
    for each in given:
        if (value := _MEANT[each.verdict]) is not None:
            decided.setdefault(value, each)
    if len(decided) < 2:
        return next(iter(decided), UNOBSERVED)
    if on_conflict == UNSURE:
        return UNOBSERVED
    first, second = list(decided.values())[:2]
    raise ValueError(
        f'{second.where}: {second.label!r} of {second.image!r} is {second.verdict}'
        f'{_by(second)}, and {first.verdict}{_by(first)} in {first.where}; agree on one, or give '
        '--on-conflict unsure'
    )


def _by(each: Verdict) -> str:
    return f' by {each.annotator}' if each.annotator else ''


def corrected(labels: SparseLabels, decided: Decided) -> SparseLabels:
    """Returns labels with those that are decided in place of what they were.

    Args:
        labels: (N, C).
        decided: of `decide`.
    """
    sure = decided.values != UNOBSERVED
    rows, classes = decided.rows[sure], decided.classes[sure]
    own, new = labels.keys(), rows * labels.num_classes + classes
    kept = ~np.isin(own, new)
    return SparseLabels.from_pairs(
        np.concatenate([labels.entry_rows()[kept], rows]),
        np.concatenate([labels.classes[kept], classes]),
        np.concatenate([labels.values[kept], decided.values[sure]]),
        (len(labels), labels.num_classes),
        labels.rest,
    )


def changes(labels: SparseLabels, decided: Decided) -> dict[str, int]:
    """Returns how many labels change, by what they were and become, and how many stay."""
    now = labels.values_at(decided.rows, decided.classes)
    found = {'unobserved -> positive': 0, 'unobserved -> negative': 0, 'positive -> negative': 0,
             'negative -> positive': 0, 'as they were': 0}  # fmt: skip
    for before, after in zip(now.tolist(), decided.values.tolist(), strict=True):
        if after in (UNOBSERVED, before):
            found['as they were'] += 1
        else:
            found[f'{_WORDS[before]} -> {_WORDS[after]}'] += 1
    return found
