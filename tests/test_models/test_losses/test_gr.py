from __future__ import annotations

import numpy as np
import pytest
import torch
from focal_oracle import LOGITS, SINGLE, check, gradient_at, started
from loss_tester import sigmoid

from wsml_mm import AssumeNegativeLoss, GRLoss

COCO = dict(w=(0, 10), b=(-2, -8))
CUB = COCO | dict(q3=1.5)


@pytest.mark.parametrize(
    ('settings', 'epoch', 'epochs', 'value', 'gradient'),
    [
        ({}, 0, 8, 0.666942,
         '-.014900 .010777 .020253 -.008478 / .016624 .013546 -.110100 .020122'),
        ({}, 3, 8, 0.660626,
         '-.014900 .007897 .015818 -.008237 / .012860 .010274 -.110100 .015784'),
        ({}, 7, 8, 0.574325,
         '-.014900 .002354 .007019 -.003184 / .005093 .003678 -.110100 .006999'),
        (COCO, 7, 8, 0.526774,
         '-.014900 .013497 .017443 .001777 / .019145 -.001061 -.110100 .021940'),
        (CUB, 9, 10, 0.490041,
         '-.014900 .011522 .008271 .001739 / .014960 -.007072 -.110100 .014791'),
    ],
)  # fmt: skip
def test_oracle_values(settings, epoch, epochs, value, gradient):
    for log_eps in (0, 1e-7):
        loss = started(GRLoss(**settings, log_eps=log_eps), epoch, epochs)
        check(loss, SINGLE, value, gradient, 1e-6)


def test_far_entries_have_finite_gradients():
    """p^0.01 of a p that is 0 in float32 has the gradient NaN."""
    for epoch in (0, 7):
        loss = started(GRLoss(**CUB), epoch)
        for logit in (-110.0, -90.0, -50.0, 50.0, 90.0, 110.0):
            for label in (1, 0, -1):
                gradient_at(loss, logit, label)
        assert gradient_at(loss, -90.0, 1) == pytest.approx(-0.25, rel=1e-3)
        assert gradient_at(loss, 90.0, 0) == pytest.approx(0.25, rel=1e-3)


def test_it_tends_to_assume_negative():
    settings = dict(w=(0, 0), b=(-60, -60), sigma=(1e6, 1e6), q3=1e-6)
    x, z = torch.tensor(LOGITS, dtype=torch.float64), torch.tensor(SINGLE)
    loss = started(GRLoss(**settings), 2)
    torch.testing.assert_close(loss(x, z), AssumeNegativeLoss()(x, z), rtol=0, atol=1e-5)


def test_twelve_percent_of_the_unobserved_mass_pulls_up_at_first():
    loss = started(GRLoss(), 0)
    assert gradient_at(loss, -8.0, -1) < 0
    assert 1 / (1 + np.exp(2)) == pytest.approx(sigmoid(np.array(-2.0)))


def test_it_needs_to_know_the_epoch_and_how_many_there_are():
    x, z = torch.tensor(LOGITS), torch.tensor(SINGLE)
    with pytest.raises(RuntimeError, match=r'GRLoss (does not know|was not given)'):
        GRLoss()(x, z)
    loss = GRLoss()
    loss.set_epoch(0)
    with pytest.raises(RuntimeError, match='GRLoss does not know how many epochs'):
        loss(x, z)


@pytest.mark.parametrize(
    ('settings', 'says'),
    [
        (dict(w=2), 'w=2: give a pair'),
        (dict(mu=(1, 2, 3)), r'mu=\(1, 2, 3\): give a pair'),
        (dict(sigma=(2, 0)), 'sigma=0: a number above 0'),
        (dict(q2=0), 'q2=0: a number above 0'),
        (dict(b=(-2, 'x')), "b='x' is str"),
        (dict(log_eps=1), 'log_eps=1: a small number'),
    ],
)
def test_arguments_out_of_range_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        GRLoss(**settings)
