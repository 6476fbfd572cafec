from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm import BalancedEntropyLoss, EMLoss, IgnoreUnobservedLoss


def batch(seed=0, rows=6, classes=5, one_positive=False):
    random = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, classes, generator=random, dtype=torch.float64, requires_grad=True)
    z = torch.randint(-1, 2, (rows, classes), generator=random)
    if one_positive:
        z = torch.full((rows, classes), -1)
        z[:, 0] = 1
    return x, z


@pytest.mark.parametrize(('classes', 'alpha'), [(5, 0.2), (2, 0.4)])
def test_one_positive_an_image_is_em_with_a_weight_that_follows_from_the_classes(classes, alpha):
    x, z = batch(classes=classes, one_positive=True)
    torch.testing.assert_close(BalancedEntropyLoss()(x, z), EMLoss(alpha)(x, z))


@given(st.integers(0, 10**6), st.floats(0, 3))
def test_it_is_em_with_the_weight_of_the_batch(seed, balance):
    x, z = batch(seed)
    ratio = (z == 1).sum() / (z == -1).sum().clamp(min=1)
    own, em = BalancedEntropyLoss(balance), EMLoss(min(balance * float(ratio) ** 0.5, 1))
    values = [loss(x, z) for loss in (own, em)]
    torch.testing.assert_close(*values, rtol=1e-6, atol=1e-7)
    torch.testing.assert_close(*(torch.autograd.grad(v, x)[0] for v in values), rtol=1e-6, atol=0)


@pytest.mark.parametrize('label', [1, 0, -1])
def test_batches_of_one_kind_of_label(label):
    x, _ = batch()
    z = torch.full(x.shape, label)
    loss = BalancedEntropyLoss()(x, z)
    loss.backward()
    assert loss.isfinite()
    assert (x.grad == 0).all() if label == -1 else x.grad.isfinite().all()  # no positive: no weight


def test_no_balance_is_the_observed_labels_alone():
    x, z = batch()
    torch.testing.assert_close(BalancedEntropyLoss(0.0)(x, z), IgnoreUnobservedLoss()(x, z))


@pytest.mark.parametrize('value', [-0.1, float('nan'), float('inf'), 'auto'])
def test_a_bad_balance_is_refused(value):
    with pytest.raises((ValueError, TypeError), match='balance='):
        BalancedEntropyLoss(value)
