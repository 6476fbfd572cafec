from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm import LargeLossCorrectPerm, LargeLossCorrectTemp, LargeLossReject
from wsml_mm.models.losses.large_loss.schedule import DeltaSchedule, ThresholdSchedule


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


# Thresholds of the loss


@pytest.mark.parametrize('epoch', range(6))
def test_the_threshold_falls_from_the_second_epoch_on(epoch):
    schedule = ThresholdSchedule(0.2, 1.5)
    found = schedule.threshold(torch.tensor(epoch), torch.float64).item()
    assert found == (pytest.approx(1.5 - 0.2 * (epoch + 1)) if epoch else math.inf)


def test_a_threshold_below_0_acts_on_every_unobserved_label():
    loss = LargeLossReject(delta_abs=1.0, start_abs=1.0)
    loss.set_epoch(3)
    loss.keep_trace = True
    x = torch.tensor([[-90.0, 3.0, math.inf]])
    target = torch.tensor([[-1, 1, -1]])
    loss(x, target)
    assert loss.trace.acted_on().tolist() == [[True, False, False]]  # infinite: it shall be seen


def test_corrections_by_threshold_keep_their_limit():
    loss = LargeLossCorrectPerm(delta_abs=0.5, start_abs=1.0, num_samples=2, max_fraction=0.5)
    loss.set_epoch(1)
    loss.keep_trace = True
    x = torch.tensor([[1.0, 4.0], [3.0, 2.0]])
    loss(x, torch.full((2, 2), -1), sample_idx=torch.tensor([0, 1]))
    assert loss.trace.acted_on().tolist() == [[False, True], [True, False]]


def test_both_deltas_and_bad_thresholds_are_refused_in_one_line():
    for scheme in (LargeLossReject, LargeLossCorrectTemp, LargeLossCorrectPerm):
        with pytest.raises(ValueError, match=r'^delta_rel=0\.2 and delta_abs=0\.1 exclude each'):
            scheme(delta_rel=0.2, delta_abs=0.1)
        with pytest.raises(ValueError, match='delta_abs=-1: a difference of losses'):
            scheme(delta_abs=-1)
        with pytest.raises(ValueError, match='start_abs=-1: a loss, >= 0'):
            scheme(delta_abs=1, start_abs=-1)
    assert LargeLossReject().schedule.delta_rel == 0.2
    assert LargeLossCorrectPerm().schedule.delta_rel == 0.1
    assert 'delta_abs=0.1, start_abs=2.0' in repr(LargeLossReject(delta_abs=0.1))
