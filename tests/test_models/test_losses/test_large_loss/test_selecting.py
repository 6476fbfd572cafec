from __future__ import annotations

import math

import pytest
import torch
from loss_oracle import (
    BY_STEP,
    SCHEMES,
    acted_on,
    batch,
    build,
    by_hand,
    entries_of,
    plain_bce,
    step,
)

from wsml_mm import LargeLossCorrectPerm


@pytest.mark.parametrize('scheme', SCHEMES)
@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
@pytest.mark.parametrize('delta_rel', ['0.1', '0.5', '7', '40'])
@pytest.mark.parametrize(('dtype', 'exact'), [(torch.float32, 1e-6), (torch.float64, 1e-12)])
def test_equals_the_formulas_in_every_epoch(scheme, percent_of, delta_rel, dtype, exact):
    loss = build(scheme, float(delta_rel), percent_of)
    for epoch in range(12):
        loss.set_epoch(epoch, 12)
        if scheme == 'perm':
            loss.state = None  # forget: corrections over epochs have their own tests
        loss.keep_trace = True
        logits, target = batch(rows=5 if epoch == 7 else 9, classes=11, dtype=dtype, seed=epoch)
        value = step(loss, logits, target)
        mean, chosen = by_hand(logits, target, scheme, delta_rel, percent_of, epoch + 1)
        assert value.dtype == dtype
        assert value.item() == pytest.approx(mean, rel=exact, abs=exact)
        assert acted_on(loss) == chosen


@pytest.mark.parametrize(
    ('scheme', 'entries', 'mean'),
    [
        ('reject', (0.1, 0.0, 0.0, 0.1, 0.2), 0.08),
        ('temp', (0.1, 0.2, 0.3, 0.1, 0.2), 0.18),
        ('perm', (0.1, 0.2, 0.3, 0.1, 0.2), 0.18),
    ],
)
def test_numbers_of_figure_2(scheme, entries, mean):
    target = torch.tensor([[1.0, -1, -1, -1, -1]])
    losses = torch.tensor([[0.1, 1.8, 1.5, 0.1, 0.2]], dtype=torch.float64)
    logits = losses.expm1().log() * torch.tensor([[-1, 1, 1, 1, 1]])
    loss = build(scheme, 40)
    loss.set_epoch(0)
    assert step(loss, logits, target).item() == pytest.approx(0.74, abs=1e-12)
    loss.set_epoch(1)
    per_entry = entries_of(loss, logits, target, torch.tensor([0])).squeeze()
    assert [round(value, 1) for value in per_entry.tolist()] == list(entries)  # as printed there
    assert sum(entries) / 5 == pytest.approx(mean)
    if scheme == 'reject':
        assert step(loss, logits, target).item() == pytest.approx(0.08, abs=1e-12)
    else:
        corrected = [-math.log1p(-math.exp(-value)) for value in (1.8, 1.5)]
        assert per_entry[1:3].tolist() == pytest.approx(corrected, abs=1e-12)


@pytest.mark.parametrize('scheme', SCHEMES)
@pytest.mark.parametrize('percent_of', ['all', 'unobserved'])
def test_a_fully_observed_batch_is_plain_bce(scheme, percent_of):
    logits, target = batch(shares=(0.3, 0.7, 0.0))
    loss = build(scheme, 100, percent_of)
    loss.keep_trace = True
    loss.set_epoch(9)
    assert torch.equal(step(loss, logits, target), plain_bce(logits, target))
    assert acted_on(loss) == set()


@pytest.mark.parametrize('scheme', SCHEMES)
def test_observed_entries_are_never_touched(scheme):
    logits, target = batch(shares=(0.4, 0.4, 0.2))
    logits = torch.where(target == -1, logits - 50, logits)  # the largest losses are observed
    loss = build(scheme, 100)
    loss.keep_trace = True
    loss.set_epoch(1)
    per_entry = entries_of(loss, logits, target, torch.arange(16))
    observed = target != -1
    assert torch.equal(per_entry[observed], plain_bce(logits, target, reduction='none')[observed])
    assert torch.equal(loss.trace.acted_on(), ~observed)  # n is clamped to |U|


@pytest.mark.parametrize('scheme', SCHEMES)
def test_a_zero_budget_is_plain_bce_bit_for_bit(scheme):
    logits, target = batch(dtype=torch.float32)
    first, never = build(scheme, 5), build(scheme, 0)
    first.set_epoch(0, 10)
    never.set_epoch(9, 10)
    expected = plain_bce(logits, target)
    for loss in (first, never):
        leaf, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
        value = step(loss, leaf, target)
        value.backward()
        plain_bce(other, target, reduction='none').mean().backward()
        assert torch.equal(value, expected)
        assert torch.equal(leaf.grad, other.grad)


@pytest.mark.parametrize('scheme', SCHEMES)
def test_gradient_at_the_entries_acted_on(scheme):
    logits, target = batch(dtype=torch.float64)
    loss = build(scheme, 10)
    loss.keep_trace = True
    loss.set_epoch(1)
    leaf, other = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    step(loss, leaf, target).backward()
    plain_bce(other, target, reduction='none').mean().backward()
    selected = loss.trace.acted_on()
    assert selected.sum() == 32
    assert torch.equal(leaf.grad[~selected], other.grad[~selected])
    assert (other.grad[selected] > 0).all()
    if scheme == 'reject':
        assert (leaf.grad[selected] == 0).all()
    else:
        assert (leaf.grad[selected] < 0).all()
        expected = (logits.sigmoid() - 1)[selected] / logits.numel()
        torch.testing.assert_close(leaf.grad[selected], expected, rtol=1e-12, atol=1e-15)


def test_ll_cp_corrects_in_the_setting_of_voc():
    logits, target = batch(16, 20, shares=(0.05, 0.0, 0.95))
    loss = LargeLossCorrectPerm(0.1, num_samples=16)
    loss.keep_trace = True
    for epoch, expected in enumerate([0, 1, 1, 1]):  # ceil(320 * 0.1 %) = 1, the reference: 0
        loss.set_epoch(epoch)
        step(loss, logits, target)
        assert loss.trace.acted_on().sum() == expected
    loss.set_epoch(4)
    assert len(loss.corrections) == 3


@pytest.mark.parametrize('scheme', BY_STEP)
@pytest.mark.parametrize(
    ('rows', 'classes', 'delta_rel', 'epoch', 'percent_of', 'expected'),
    [
        (1, 20, 0.2, 1, 'all', 1),
        (16, 20, 0.5, 5, 'all', 8),  # where the reference's float takes 9
        (16, 20, 0.5, 10, 'all', 16),  # and 17
        (10, 100, 0.1, 3, 'all', 3),  # 1000 * 3 * 0.1 % in floats: 3.0000000000000004
        (5, 20, 1, 7, 'all', 7),
        (5, 20, 1, 7, 'unobserved', 4),  # ceil(50 * 7 %)
        (5, 20, 30, 9, 'all', 50),  # more than there are
        (5, 20, 30, 9, 'unobserved', 50),
    ],
)
def test_exact_counts(scheme, rows, classes, delta_rel, epoch, percent_of, expected):
    target = -torch.ones(rows, classes)
    target[:, : classes // 2] = 0
    loss = build(scheme, delta_rel, percent_of)
    loss.keep_trace = True
    for dtype in (torch.float32, torch.bfloat16):  # equal logits: the count must not grow
        loss.set_epoch(epoch, 10)
        loss(torch.zeros(rows, classes, dtype=dtype), target)
        assert loss.trace.acted_on().sum() == expected


@pytest.mark.parametrize('scheme', SCHEMES)
def test_an_epoch_past_the_announced_length_is_still_exact(scheme):
    logits, target = batch()
    loss = build(scheme, 5)
    loss.keep_trace = True
    loss.set_epoch(0, 2)
    for epoch, length in [(1, 2), (4, 2), (9, None)]:
        loss.set_epoch(epoch, length)
        loss.state = None
        step(loss, logits, target)
        assert acted_on(loss) == by_hand(logits, target, scheme, '5', 'all', epoch + 1)[1]
