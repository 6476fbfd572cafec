from __future__ import annotations

import math
from fractions import Fraction
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.models import selection
from wsml_mm.models.selection import select_largest, selection_budget

CHECK = settings(max_examples=150, deadline=None, database=None)
SHAPES = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=7)
# Few values, so that nearly every draw is full of ties; 0.0 and -0.0 are one value.
TIED = st.sampled_from([-2.5, -0.0, 0.0, 1.0, 1.0078125, math.inf, -math.inf, math.nan])
ANY = st.floats(width=32)


def chosen_by_sorting(logits, eligible, count: int) -> set[tuple[int, int]]:
    entries = []
    for row in range(logits.shape[0]):
        for label in range(logits.shape[1]):
            value = float(logits[row, label])
            if eligible[row, label] and math.isfinite(value):
                entries.append((-value, row, label))
    return {(row, label) for _, row, label in sorted(entries)[: max(count, 0)]}


def mask_of(logits, eligible, count: int, candidates=None) -> torch.Tensor:
    """Returns what is selected, the same on the host, as on a device, and on a GPU."""
    batch = torch.as_tensor(logits), torch.as_tensor(eligible), torch.tensor(count)
    masks = [select_largest(*batch, candidates)]
    with mock.patch('torch.compiler.is_compiling', return_value=True):  # as on a device
        masks.append(select_largest(*batch, candidates))
    if torch.cuda.is_available():
        masks.append(select_largest(*(part.cuda() for part in batch), candidates).cpu())
    for found in masks:
        assert found.dtype == torch.bool
        assert found.shape == logits.shape
        assert torch.equal(found, masks[0])
    return masks[0]


def select(logits, eligible, count: int, candidates=None) -> set[tuple[int, int]]:
    mask = mask_of(logits, eligible, count, candidates)
    return {tuple(place) for place in mask.nonzero().tolist()}


@st.composite
def batches(draw, values=TIED | ANY):
    shape = draw(SHAPES)
    logits = draw(hnp.arrays(np.float32, shape, elements=values))
    eligible = draw(hnp.arrays(np.bool_, shape))
    return logits, eligible, draw(st.integers(0, logits.size + 2))


@CHECK
@given(batches())
def test_equals_a_full_sort(batch):
    logits, eligible, count = batch
    chosen = select(logits, eligible, count)
    assert chosen == chosen_by_sorting(logits, eligible, count)
    usable = int((eligible & np.isfinite(logits)).sum())
    assert len(chosen) == min(count, usable)
    assert all(eligible[place] and np.isfinite(logits[place]) for place in chosen)


@CHECK
@given(batches(values=TIED), st.integers(0, 60))
def test_a_bound_on_the_count_changes_nothing(batch, slack):
    logits, eligible, count = batch
    expected = chosen_by_sorting(logits, eligible, count)
    assert select(logits, eligible, count, max(count, 1) + slack) == expected
    assert select(logits, eligible, count, max(count, 1)) == expected


@CHECK
@given(SHAPES, st.integers(0, 2**32 - 1), st.data())
def test_follows_a_permutation_where_nothing_ties(shape, seed, data):
    random = np.random.default_rng(seed)
    logits = random.permutation(shape[0] * shape[1]).reshape(shape) / 4 - 3
    eligible = random.random(shape) < 0.6
    count = data.draw(st.integers(0, logits.size))
    rows, labels = random.permutation(shape[0]), random.permutation(shape[1])
    moved = select(logits[rows][:, labels], eligible[rows][:, labels], count)
    assert {(rows[r], labels[c]) for r, c in moved} == select(logits, eligible, count)


@pytest.mark.parametrize('dtype', [torch.bfloat16, torch.float16])
@pytest.mark.parametrize('count', [1, 26, 257, 1000])
def test_heavy_ties_of_half_types_take_exactly_n(dtype, count):
    generator = torch.Generator().manual_seed(count)
    logits = (torch.randn(16, 80, generator=generator) / 8 + 8).to(dtype).float()
    eligible = torch.rand(16, 80, generator=generator) < 0.95
    assert len(logits.unique()) < 150  # of 1280 entries
    chosen = select(logits, eligible, count, 1024)
    assert len(chosen) == count
    assert chosen == chosen_by_sorting(logits.numpy(), eligible.numpy(), count)
    assert all(select(logits, eligible, count, 1024) == chosen for _ in range(3))


def test_all_equal_logits_are_taken_in_reading_order():
    chosen = select(torch.zeros(3, 4), torch.ones(3, 4, dtype=torch.bool), 6)
    assert chosen == {(0, 0), (0, 1), (0, 2), (0, 3), (1, 0), (1, 1)}


def test_float64_is_not_rounded_to_float32():
    logits = torch.tensor([[1.0, 1.0 + 1e-12, 1.0 - 1e-12]], dtype=torch.float64)
    assert select(logits, torch.ones(1, 3, dtype=torch.bool), 1) == {(0, 1)}


@pytest.mark.parametrize('bad', [math.nan, math.inf, -math.inf])
def test_a_logit_that_is_not_finite_is_never_taken(bad):
    logits = torch.tensor([[bad, 1.0], [2.0, bad]])
    everything = torch.ones(2, 2, dtype=torch.bool)
    assert select(logits, everything, 1) == {(1, 0)}
    assert select(logits, everything, 1, 1) == {(1, 0)}
    assert select(logits, everything, 4) == {(0, 1), (1, 0)}
    assert select(torch.full((2, 2), bad), everything, 4) == set()


@pytest.mark.parametrize('shape', [(0, 5), (3, 0), (0, 0)])
def test_an_empty_batch_selects_nothing(shape):
    assert select(torch.zeros(shape), torch.zeros(shape, dtype=torch.bool), 3, 1) == set()


@pytest.mark.parametrize('written', ['0.1', '0.2', '0.3', '0.005', '0.7', '0.01', '12.5', '100'])
@pytest.mark.parametrize('base', [0, 1, 20, 320, 1000, 1280, 288 * 5000])
def test_budget_is_the_exact_ceiling(written, base):
    for epoch in range(1, 26):
        rate = min(Fraction(written) / 100 * (epoch - 1), Fraction(1))
        numerator = torch.tensor(rate.numerator)
        expected = math.ceil(base * rate)
        for given_base in (base, torch.tensor(base)):
            budget = selection_budget(given_base, numerator, rate.denominator)
            assert budget.dtype == torch.int64
            assert budget.shape == ()
            assert budget.item() == expected


@pytest.mark.parametrize(('epoch', 'naive', 'exact'), [(6, 9, 8), (11, 17, 16)])
def test_budget_where_subtracted_floats_drift(epoch, naive, exact):
    clean = 1.0
    for _ in range(epoch - 1):
        clean -= 0.5 / 100
    assert math.ceil(320 * (1 - clean)) == naive  # the reference's arithmetic
    rate = Fraction('0.5') / 100 * (epoch - 1)
    assert selection_budget(320, torch.tensor(rate.numerator), rate.denominator) == exact


@CHECK
@given(st.integers(0, 2**31 - 1), st.integers(1, 2**31 - 1), st.integers(0, 2**31 - 1))
def test_budget_does_not_overflow(base, denominator, numerator):
    numerator = min(numerator, denominator)
    budget = selection_budget(base, torch.tensor(numerator), denominator)
    assert budget.item() == -(-base * numerator // denominator)


BIG = (40, 5000)


@pytest.mark.parametrize('count', [0, 1, 20, 3000, 60_000, 200_001])
@pytest.mark.parametrize('kind', ['drawn', 'tied', 'all equal', 'by class', 'not finite'])
def test_a_large_batch_is_selected_exactly(kind, count):
    """Also where the sample says nothing of the others, or too much."""
    generator = torch.Generator().manual_seed(count)
    logits = torch.randn(BIG, generator=generator)
    if kind == 'tied':
        logits = logits.to(torch.bfloat16).float()
    elif kind == 'all equal':
        logits = torch.zeros(BIG)
    elif kind == 'by class':
        logits[:, ::13] += 20  # in one class of each 13, as the sample steps
    elif kind == 'not finite':
        logits[::3, ::7], logits[1::3, ::7], logits[2::3, ::7] = math.nan, math.inf, -math.inf
    eligible = torch.rand(BIG, generator=generator) < 0.9
    usable = eligible & logits.isfinite()
    order = logits.masked_fill(~usable, -math.inf).flatten().sort(descending=True, stable=True)
    expected = torch.zeros(logits.numel(), dtype=torch.bool)
    expected[order.indices[: min(count, int(usable.sum()))]] = True
    assert torch.equal(mask_of(logits, eligible, count).flatten(), expected)


def test_of_a_large_batch_few_logits_are_sorted(monkeypatch):
    sizes = []
    monkeypatch.setattr(selection, 'np', Counting(sizes))
    logits = torch.randn(288, 5000, generator=torch.Generator().manual_seed(0))
    chosen = select_largest(logits, torch.ones_like(logits, dtype=torch.bool), torch.tensor(1440))
    assert chosen.sum() == 1440
    assert sum(sizes) < logits.numel() / 50  # the sample, and twice as many as are selected


class Counting:
    """numpy, which notes the sizes of what it sorts."""

    def __init__(self, sizes):
        self.sizes = sizes

    def __getattr__(self, name):
        return getattr(np, name)

    def sort(self, values):
        self.sizes.append(len(values))
        return np.sort(values)
