from __future__ import annotations

import numpy as np
import pytest
import torch
from focal_oracle import LOGITS, SINGLE, check, gradient_at, started

from wsml_mm import ExpectedPositives, GPRLoss, GRLoss, LargeLossCorrectTemp

PSEUDO = np.array([[0, 0, 1, 0], [0, 1, 0, 0]])
NONE = np.zeros((2, 4), bool)


def test_oracle_values():
    """VOC, with the regulariser of its code."""
    for log_eps in (0, 1e-7):
        near = ExpectedPositives(1.5, loss_weight=0.05)
        loss = started(GPRLoss(PSEUDO, log_eps=log_eps, extra=[near]), 3)
        gradient = (
            '-.014796 .008092 -.013644 -.008193 / .013092 -.003974 -.109996 .016031'
        )  # fmt: skip
        check(loss, SINGLE, 0.544226, gradient, 1e-6)


def test_without_pseudo_labels_it_is_gr():
    x, z = torch.tensor(LOGITS), torch.tensor(SINGLE)
    rows = torch.arange(2)
    for epoch in (0, 4):
        loss, plain = started(GPRLoss(NONE), epoch), started(GRLoss(), epoch)
        assert torch.equal(loss(x, z, sample_idx=rows), plain(x, z))


def test_pseudo_labels_go_by_sample_and_leave_observed_labels_alone():
    loss = started(GPRLoss(PSEUDO))
    loss.keep_trace = True
    x, z = torch.tensor(LOGITS), torch.tensor([[0, -1, -1, -1], [1, -1, 0, -1]])
    loss(x, z, sample_idx=torch.tensor([1, 0]))
    chosen = loss.trace.actions['kept_positive']
    assert chosen.nonzero().tolist() == [[0, 1]]  # (1, 2) is observed to be negative


def test_large_losses_are_those_of_ll_ct():
    x, z = torch.tensor(LOGITS), torch.tensor(SINGLE)
    chosen = []
    for loss in (GPRLoss(delta_rel=12.5), LargeLossCorrectTemp(12.5)):
        loss.keep_trace = True
        loss.set_epoch(2, 8)
        loss(x, z)
        chosen.append(loss.trace.actions['positive'])
    assert torch.equal(*chosen)
    assert chosen[0].sum() == 2


def test_far_entries_have_finite_gradients():
    loss = started(GPRLoss(np.array([[1, 0, 0, 0], [0, 0, 0, 0]])), 4)
    for logit in (-110.0, -90.0, 90.0, 110.0):
        for label in (1, 0, -1):
            gradient_at(loss, logit, label)


@pytest.mark.parametrize(
    ('settings', 'says'),
    [
        (dict(rho=2), 'rho=2: a target'),
        (dict(bounds=(0.7, 0.4)), r'bounds=\(0\.7, 0\.4\): give the least and the largest W'),
        (dict(q2=-1), 'q2=-1: a number above 0'),
    ],
)
def test_arguments_out_of_range_are_refused(settings, says):
    with pytest.raises(ValueError, match=says):
        GPRLoss(**settings)


def test_pseudo_labels_of_other_data_are_refused_before_training():
    with pytest.raises(ValueError, match=r'shape \(3, 4\), the training set has \(2, 4\)'):
        started(GPRLoss(np.zeros((3, 4))))
