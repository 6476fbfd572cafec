from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.models.losses.large_loss.schedule import DeltaSchedule


@pytest.mark.parametrize(
    ('delta_rel', 'first'),
    [
        (0.1, Fraction(1, 1000)),
        (0.2, Fraction(1, 500)),
        (0.3, Fraction(3, 1000)),
        (0.005, Fraction(1, 20000)),
        (1e-05, Fraction(1, 10**7)),
        (0.7, Fraction(7, 1000)),
        (1, Fraction(1, 100)),
        (np.float64(0.1), Fraction(1, 1000)),
        (np.float32(0.1), Fraction(1, 1000)),
    ],
)
def test_the_rate_is_the_written_decimal(delta_rel, first):
    growing, steady = DeltaSchedule(delta_rel, True), DeltaSchedule(delta_rel, False)
    assert [growing.rate(epoch) for epoch in range(40)] == [first * epoch for epoch in range(40)]
    assert [steady.rate(epoch) for epoch in range(40)] == [Fraction(0)] + [first] * 39


@settings(max_examples=200, deadline=None, database=None)
@given(st.decimals(0, 100, places=6), st.integers(0, 200))
def test_any_short_decimal_is_exact(written, epoch):
    delta_rel = float(written)
    per_epoch = Fraction(Decimal(written)) / 100
    assert DeltaSchedule(delta_rel, True).rate(epoch) == min(per_epoch * epoch, 1)
    assert DeltaSchedule(delta_rel, False).rate(epoch) == (per_epoch if epoch else 0)


def test_nothing_in_the_first_epoch_and_never_more_than_everything():
    for growing in (True, False):
        assert DeltaSchedule(100, growing).rate(0) == 0
        assert DeltaSchedule(100, growing).rate(1) == 1
        assert DeltaSchedule(60, True).rate(2) == 1
        assert DeltaSchedule(0, growing).rate(9) == 0


@pytest.mark.parametrize('delta_rel', [-0.1, 100.001, float('nan'), float('inf')])
def test_a_percentage_out_of_range_is_refused(delta_rel):
    with pytest.raises(ValueError, match='a percentage between 0 and 100'):
        DeltaSchedule(delta_rel, True)


@pytest.mark.parametrize('delta_rel', [1 / 3, 0.1 + 0.2, 1e-12])
def test_a_decimal_too_long_to_be_exact_is_refused(delta_rel):
    with pytest.raises(ValueError, match='write a shorter decimal'):
        DeltaSchedule(delta_rel, False)


def test_a_negative_epoch_is_refused():
    with pytest.raises(ValueError, match='epochs count from 0'):
        DeltaSchedule(0.2, True).rate(-1)
