"""Numbers of a config: text and impossible values are refused in one line that says what is due."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest

import wsml_mm
from wsml_mm.datasets.holdout import holdout_indices, subsample_indices
from wsml_mm.labels.numbers import check_number, check_whole


@pytest.mark.parametrize('value', [0, 0.2, 100, np.float32(0.5), np.int64(3), Fraction(1, 3)])
def test_numbers_pass(value):
    check_number('delta_rel', value, 'a percentage', 0, 100)


@pytest.mark.parametrize(
    ('value', 'message'),
    [
        (
            '0.2%',
            "delta_rel='0.2%' is str: a percentage; write the number alone, e.g. delta_rel=0.2",
        ),
        ('0.2', "delta_rel='0.2' is str: a percentage; write the number alone, e.g. delta_rel=0.2"),
        ('much', "delta_rel='much' is str: a percentage; write a number"),
        (None, 'delta_rel=None is NoneType: a percentage'),
        (True, 'delta_rel=True is bool: a percentage'),
        ([1], r'delta_rel=[1] is list: a percentage'),
        (math.nan, 'delta_rel=nan: a percentage'),
        (math.inf, 'delta_rel=inf: a percentage'),
        (-1, 'delta_rel=-1: a percentage'),
        (101, 'delta_rel=101: a percentage'),
    ],
)
def test_anything_else_is_refused(value, message):
    with pytest.raises(ValueError, match='delta_rel') as error:
        check_number('delta_rel', value, 'a percentage', 0, 100)
    assert str(error.value) == message


@pytest.mark.parametrize(
    'make',
    [
        lambda v: wsml_mm.LargeLossReject(delta_rel=v),
        lambda v: wsml_mm.LargeLossCorrectTemp(delta_rel=v),
        lambda v: wsml_mm.LargeLossCorrectPerm(delta_rel=v),
        lambda v: wsml_mm.LargeLossCorrectPerm(max_fraction=v),
        lambda v: wsml_mm.LargeLossCorrectPerm(warn_share=v),
        lambda v: wsml_mm.AssumeNegativeLoss(loss_weight=v),
        lambda v: wsml_mm.ExpectedPositives(v),
        lambda v: wsml_mm.KeepRatio(v),
        lambda v: holdout_indices(10, 'train', v, 1),
        lambda v: subsample_indices(10, v),
    ],
)
def test_everywhere_a_share_is_given(make):
    for value in ('0.2%', math.nan):
        with pytest.raises(ValueError, match=r'=(.0.2%. is str|nan): '):
            make(value)


def test_a_share_of_a_count_is_no_whole_number():
    check_whole('k', 2, 'a count', 1)
    check_whole('k', 2.0, 'a count', 1)
    for wrong, says in ((1.5, 'k=1.5: a count; write a whole number'), (0, 'k=0: a count')):
        with pytest.raises(ValueError, match=says):
            check_whole('k', wrong, 'a count', 1)
