"""Verdicts and the labels that come of them: written out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.apis.verdicts import Verdict, changes, corrected, decide
from wsml_mm.labels import SparseLabels

NAMES, CLASSES = ['a.jpg', 'b.jpg'], ('ant', 'bee', 'cat')
LABELS = SparseLabels.from_dense(np.array([[1, -1, 0], [-1, -1, -1]], np.int8))
EXPECTED = {  # by verdict and label: what it becomes, -1: stays
    (verdict, now): value
    for verdict, value in (('accept', 1), ('reject', 0), ('unsure', -1)) for now in (-1, 0, 1)
}  # fmt: skip
PLACES = {-1: ('a.jpg', 'bee'), 1: ('a.jpg', 'ant'), 0: ('a.jpg', 'cat')}


def decided_of(*verdicts, **options):
    given_ = [Verdict(*each[:3], *(each[3:] or ('',)), f'v.csv:{n + 2}')
              for n, each in enumerate(verdicts)]  # fmt: skip
    return decide(given_, LABELS, NAMES, CLASSES, **options)


@pytest.mark.parametrize(('verdict', 'now'), EXPECTED)
def test_what_a_verdict_means(verdict, now):
    found = decided_of((*PLACES[now], verdict))
    assert found.values.tolist() == [EXPECTED[verdict, now]]
    new = corrected(LABELS, found)
    row, label = found.rows[0], found.classes[0]
    expected = now if EXPECTED[verdict, now] == -1 else EXPECTED[verdict, now]
    assert new.row(row)[label] == expected
    assert sum(changes(LABELS, found).values()) == 1


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=6, max_size=6),
       st.lists(st.sampled_from([-1, 0, 1]), min_size=6, max_size=6),
       st.sampled_from([0, -1]))  # fmt: skip
def test_only_what_is_decided_changes(before, wanted, rest):
    matrix = np.array(before, np.int8).reshape(2, 3)
    labels = SparseLabels.from_dense(matrix, rest)
    words = {1: 'accept', 0: 'reject', -1: 'unsure'}
    verdicts = [
        Verdict(NAMES[n // 3], CLASSES[n % 3], words[value]) for n, value in enumerate(wanted)
    ]
    found = corrected(labels, decide(verdicts, labels, NAMES, CLASSES))
    expected = np.where(np.array(wanted).reshape(2, 3) == -1, matrix, np.reshape(wanted, (2, 3)))
    np.testing.assert_array_equal(found.rows([0, 1]), expected)


def test_people():
    pair = PLACES[-1]
    assert decided_of((*pair, 'accept', 'A'), (*pair, 'accept', 'B')).values.tolist() == [1]
    assert decided_of((*pair, 'accept', 'A'), (*pair, 'unsure', 'B')).values.tolist() == [1]
    two = ((*pair, 'accept', 'A'), (*pair, 'reject', 'B'))
    with pytest.raises(
        ValueError, match=r"v.csv:3: 'bee' of 'a.jpg' is reject by B, and accept by A in v.csv:2; "
    ):
        decided_of(*two)
    assert decided_of(*two, on_conflict='unsure').values.tolist() == [-1]


@pytest.mark.parametrize(
    ('verdict', 'message'),
    [
        (('a.jpg', 'bees', 'accept'), r"v.csv:2: 'bees' is no class of the data \(did you mean"),
        (('a.jpg', 'zebra', 'accept'), r"'zebra' is no class of the data \(the classes are ant"),
        (('c.jpg', 'bee', 'accept'), r"v.csv:2: image 'c.jpg' is not in the data"),
    ],
)
def test_refusals(verdict, message):
    with pytest.raises(ValueError, match=message):
        decided_of(verdict)


def test_two_images_of_one_name():
    with pytest.raises(ValueError, match=r"image 'a\.jpg' is there twice"):
        decide([], LABELS, ['a.jpg', 'a.jpg'], CLASSES)
