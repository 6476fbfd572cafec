"""IGNORE: the values of the reference code, its thresholds, and batches without positives."""

from __future__ import annotations

import pytest
import torch

from wsml_mm import IGNORELoss, TrainingFacts

X = torch.tensor([[2, -1, 0.5, -3], [-0.5, 1.5, -2, 0]], dtype=torch.float64)
STRONG = torch.tensor([[1.5, -0.8, 0.2, -2.5], [-0.2, 1.2, -1.5, 0.3]], dtype=torch.float64)
MASKED = torch.tensor([[1.8, -2, -0.5, -3.2], [-0.6, 0, -1.9, -2.5]], dtype=torch.float64)
Z = torch.tensor([[1, -1, -1, -1], [-1, -1, 1, -1]])


def begun(epoch=3, **kwargs):
    loss = IGNORELoss(**kwargs)
    loss.start(TrainingFacts(2, 4, max_epochs=8))
    loss.set_epoch(epoch)
    loss.keep_trace = True
    return loss


def value_of(loss, x=X, z=Z, strong=STRONG, masked=MASKED):
    return loss(x, z, sample_idx=torch.arange(len(x)), views={'strong': strong, 'masked': masked})


@pytest.fixture
def fixed():
    """Thresholds that stay where they are."""

    def make(epoch):
        loss = begun(epoch, momentum=1.0, log_eps=1e-5)
        loss.state.classes('gap').data.fill_(0.4)
        loss.state.classes('average').data.copy_(torch.tensor([0.1, 0.2, 0.1, -0.5]))
        return loss

    return make


def test_reference_values(fixed):
    loss, strong = fixed(3), STRONG.clone().requires_grad_()
    value = value_of(loss, strong=strong)
    value.backward()
    assert value.item() == pytest.approx(0.774732, abs=5e-7)
    expected = [[-0.098985, 0.087004, -0.0375, 0.077671], [0.127532, -0.0375, -0.101006, 0.0375]]
    torch.testing.assert_close(strong.grad, torch.tensor(expected).double(), rtol=0, atol=5e-7)
    assert loss.trace.actions['ignored'].nonzero().tolist() == [[0, 2], [1, 1], [1, 3]]


def test_reference_values_of_the_warm_up(fixed):
    x = X.clone().requires_grad_()
    loss = fixed(2)
    value = value_of(loss, x=x)
    value.backward()
    assert value.item() == pytest.approx(0.942880, abs=5e-7)
    expected = [[0.056540, -0.025, 0.0375, -0.0625], [-0.0375, 0.0375, -0.106536, -0.0375]]
    torch.testing.assert_close(x.grad, torch.tensor(expected).double(), rtol=0, atol=5e-7)
    assert not loss.trace.actions['ignored'].any()


def test_thresholds_move_before_the_loss():
    loss = begun(momentum=0.9)
    gap, average = 0.0, torch.zeros(4)
    for _ in range(3):
        value_of(loss)
        gap = 0.9 * gap + 0.1 * (0.2 + 0.1) / 2
        average = 0.9 * average + 0.1 * X.float().mean(0)
        torch.testing.assert_close(loss.state.classes('gap').data, torch.full((4,), gap))
        torch.testing.assert_close(loss.state.classes('average').data, average)
    assert not X.requires_grad


def test_a_batch_without_positives_is_finite_and_moves_no_gap():
    loss = begun()
    value_of(loss)
    before = loss.state.classes('gap').data.clone()
    strong = STRONG.clone().requires_grad_()
    value = value_of(loss, z=torch.full_like(Z, -1), strong=strong)
    value.backward()
    assert value.isfinite()
    assert strong.grad.isfinite().all()
    assert loss.trace.terms['positives'] == 0
    assert torch.equal(loss.state.classes('gap').data, before)


def test_a_batch_that_is_wholly_rejected_is_finite():
    loss = begun(momentum=1.0)
    loss.state.classes('average').data.fill_(-100)
    value = value_of(loss, z=torch.full_like(Z, -1), masked=X + 1)
    assert loss.trace.actions['ignored'].all()
    assert loss.trace.terms['kept'] == 0
    assert value.isfinite()


def test_observed_negatives_are_never_rejected():
    loss = begun(momentum=1.0)
    loss.state.classes('average').data.fill_(-100)
    value_of(loss, z=torch.zeros_like(Z), masked=X + 1)
    assert not loss.trace.actions['ignored'].any()


@pytest.mark.parametrize(
    'wrong',
    [dict(weights=(1, 2)), dict(weights=(1, 2, -1)), dict(warm_up=-1), dict(momentum=2),
     dict(log_eps=1)],
)  # fmt: skip
def test_arguments_out_of_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        IGNORELoss(**wrong)
