from __future__ import annotations

import math
from decimal import Decimal

import numpy as np
import pytest

from wsml_mm.datasets.table.signs import SignBook, read_signs, sign


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        *((value, '1') for value in (1, 1.0, True, '1', ' 1', '1.0', 'TRUE', '+1')),
        (Decimal('1.00'), '1'),
        *((value, '0') for value in (0, -0.0, False, '0', '0.00', 'False')),
        *((value, '-1') for value in (-1, -1.0, '-1.0', ' -1')),
        *((value, 'blank') for value in (None, math.nan, '', '  ', 'blank')),
        ('10', '10'), (0.7, '0.7'), ('x', 'x'), ('nan', 'nan'), ('1.5', '1.5'),
    ],
)  # fmt: skip
def test_one_sign_in_all_kinds_of_files(value, text):
    assert sign(value) == text


@pytest.mark.parametrize(
    ('given', 'read'),
    [
        (None, (('1',), ('0',), ())),
        (dict(unobserved=['', -1]), (('1',), ('0',), ('blank', '-1'))),
        (dict(negative=['0', 'blank']), (('1',), ('0', 'blank'), ())),
        (dict(unobserved='0'), (('1',), (), ('0',))),
        (dict(positive='x', negative='blank'), (('x',), ('blank',), ())),
        (dict(unobserved=None), (('1',), ('0',), ('blank',))),
    ],
)
def test_signs_that_are_given_and_the_usual_ones(given, read):
    found = read_signs(given)
    assert tuple(found[key] for key in ('positive', 'negative', 'unobserved')) == read


@pytest.mark.parametrize(
    ('given', 'message'),
    [
        (dict(unknown='-1'), r"signs=dict\(unknown='-1'\): unknown 'unknown'; use positive, neg"),
        (dict(positive='1', negative=[1, 0]), "'1' is positive and negative; name each sign once"),
    ],
)
def test_signs_that_are_refused(given, message):
    with pytest.raises(ValueError, match=message):
        read_signs(given)


def test_a_book_counts():
    book = SignBook(read_signs(dict(unobserved='-1')))
    codes = book.codes([1, '0', None, -1.0, 1])
    assert book.label_of[codes].tolist() == [1, 0, -1, -1, 1]
    assert (codes == book.unknown).tolist() == [False, False, True, False, False]
    book.count(codes)
    book.count(np.zeros((2, 3), np.int8))
    assert book.note() == '1 -> positive (8), 0 -> negative (1), -1 -> unobserved (1)'
