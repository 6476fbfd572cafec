"""PLC: the values of the reference code, and batches of which little is kept."""

from __future__ import annotations

import pytest
import torch

from wsml_mm import LargeLossReject, PLCLoss

X = torch.tensor([[2, -1, 0.5, -3], [-0.5, 1.5, -2, 0]], dtype=torch.float64)
STRONG = torch.tensor([[1.5, -0.8, 0.2, -2.5], [-0.2, 1.2, -1.5, 0.3]], dtype=torch.float64)
Z = torch.tensor([[1, -1, -1, -1], [-1, -1, 1, -1]])

REFERENCE = {
    0.6: (
        1.351928,
        [[-0.026061, 0.044289, -0.064309, 0.010837], [0.064309, -0.033068, -0.116796, 0]],
    ),
    0.9: (1.467875, [[-0.060809, 0, 0, 0.025286], [0, 0, -0.272525, 0]]),
}


@pytest.mark.parametrize('threshold', REFERENCE)
def test_reference_values(threshold):
    strong = STRONG.clone().requires_grad_()
    value = PLCLoss(threshold)(X, Z, views={'strong': strong})
    value.backward()
    expected, gradient = REFERENCE[threshold]
    assert value.item() == pytest.approx(expected, abs=5e-7)
    torch.testing.assert_close(strong.grad, torch.tensor(gradient).double(), rtol=0, atol=5e-7)


def test_a_batch_of_which_nothing_is_kept_adds_nothing():
    loss = PLCLoss(0.9)
    loss.keep_trace = True
    logits = torch.zeros(3, 4, requires_grad=True)
    strong = torch.randn(3, 4, requires_grad=True)
    value = loss(logits, torch.full((3, 4), -1), views={'strong': strong})
    value.backward()
    assert loss.trace.terms['pseudo_labels'] == 0
    assert value.item() == pytest.approx(0.693147, abs=1e-6)
    assert (strong.grad == 0).all()


def test_observed_labels_are_targets_whatever_the_scores():
    loss = PLCLoss(1.0, weight=1.0)
    loss.keep_trace = True
    strong = torch.tensor([[0.3, -0.7, 5.0]], requires_grad=True)
    loss(torch.tensor([[-9.0, 9.0, 0.0]]), torch.tensor([[1, 0, -1]]), views={'strong': strong})
    expected = torch.nn.functional.binary_cross_entropy_with_logits(
        strong[0, :2], torch.tensor([1.0, 0.0])
    )
    torch.testing.assert_close(loss.trace.terms['pseudo_labels'], expected.detach())
    assert not loss.trace.acted_on().any()


def test_a_missing_view_is_named():
    for loss in (PLCLoss(), LargeLossReject(extra=[PLCLoss()])):
        loss.set_epoch(1)
        with pytest.raises(RuntimeError, match=r"PLCLoss needs logits of the view 'strong'.*Extra"):
            loss(X, Z)
    with pytest.raises(ValueError, match=r"view 'strong' \(1, 4\) .*\(2, 4\)"):
        PLCLoss()(X, Z, views={'strong': STRONG[:1]})
    PLCLoss().eval()(X, Z)  # evaluation sees one


@pytest.mark.parametrize('wrong', [dict(threshold=0.4), dict(threshold=1.1), dict(weight=-1)])
def test_arguments_out_of_range(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        PLCLoss(**wrong)
