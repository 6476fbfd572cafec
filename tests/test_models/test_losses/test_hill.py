from __future__ import annotations

import pytest
import torch
from focal_oracle import LOGITS, SINGLE, check, gradient_at, started

from wsml_mm import AssumeNegativeLoss, HillLoss, SPLCLoss


def test_oracle_values():
    hill = '-.052581 .115969 .165680 .006123 / .165680 .066734 -1.126750 .187500'
    check(started(HillLoss(reduction='sum')), SINGLE, 4.087400, hill)
    first = '-.052581 .052581 .526152 .000315 / .137937 .961425 -1.126750 .298287'
    check(started(SPLCLoss(reduction='sum'), 0), SINGLE, 4.567250, first)
    later = '-.052581 .052581 -.137937 .000315 / .137937 -.017031 -1.126750 .298287'
    for epoch in (1, 5):
        check(started(SPLCLoss(reduction='sum'), epoch), SINGLE, 3.126842, later)


def test_far_positives_keep_their_gradient():
    """log(sigmoid(x)) is infinite in float32 where log sigmoid is not."""
    for logit in (-110.0, -90.0, -20.0):
        assert gradient_at(HillLoss(), logit, 1) == pytest.approx(-0.25, rel=1e-3)
        assert gradient_at(started(SPLCLoss(), 2), logit, 1) == pytest.approx(-0.25, rel=1e-3)
        assert gradient_at(started(SPLCLoss(), 2), -logit, 0) == pytest.approx(0.25, rel=1e-3)
        assert gradient_at(HillLoss(), -logit, -1) == pytest.approx(0, abs=1e-6)


def test_without_margin_and_focus_they_are_assume_negative():
    x, z = torch.tensor(LOGITS, dtype=torch.float64), torch.tensor(SINGLE)
    plain = AssumeNegativeLoss()(x, z)
    torch.testing.assert_close(started(SPLCLoss(margin=0, gamma=0), 0)(x, z), plain)
    full = (z == 1).long()  # every label observed
    torch.testing.assert_close(HillLoss(margin=0, gamma=0)(x, full), AssumeNegativeLoss()(x, full))


def test_observed_negatives_are_never_taken_for_positive():
    x, z = torch.tensor([[4.0, 4.0]]), torch.tensor([[0, -1]])
    loss = started(SPLCLoss(), 3)
    loss.keep_trace = True
    loss(x, z)
    assert loss.trace.actions['positive'].tolist() == [[False, True]]


@pytest.mark.parametrize(
    ('build', 'says'),
    [
        (lambda: HillLoss(lam=0.5), r'lam=0\.5: lambda of'),
        (lambda: HillLoss(margin=-1), 'margin=-1: a difference of logits'),
        (lambda: SPLCLoss(tau=60), 'tau=60: a score between 0 and 1'),
        (lambda: SPLCLoss(start_epoch=-1), 'start_epoch=-1: an epoch'),
    ],
)
def test_arguments_out_of_range_are_refused(build, says):
    with pytest.raises(ValueError, match=says):
        build()
