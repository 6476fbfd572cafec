"""Loss and gradient of one batch to six digits, as the authors' code or formula gives them.

Every value was made with float64 by an implementation of its own, most of them by the reference
function as well.
"""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch

from wsml_mm import (
    AssumeNegativeLoss,
    CurriculumLoss,
    EMAPLLoss,
    EMLoss,
    EPRLoss,
    ExpectedPositives,
    IgnoreUnobservedLoss,
    LSANLoss,
    ROLELoss,
    ThresholdWriteBackLoss,
    TrainingFacts,
    WANLoss,
)
from wsml_mm.labels import SparseLabels

X = [[2, -1, 0.5, -3], [-0.5, 1.5, -2, 0]]
SINGLE = [[1, -1, -1, -1], [-1, -1, 1, -1]]  # one positive an image
WITH_NEGATIVES = [[1, -1, 0, -1], [-1, 0, 1, -1]]
EPS = dict(log_eps=1e-5)  # as the authors' code has it

# Name, loss, its value, its gradient with respect to the logits.
# fmt: off
VALUES = [
    ('AN', AssumeNegativeLoss(), .807302,
     '-.014900 .033618 .077807 .005928 / .047193 .102197 -.110100 .062500'),
    ('AN, guarded', AssumeNegativeLoss(**EPS), .807273,
     '-.014900 .033617 .077805 .005928 / .047192 .102191 -.110090 .062499'),
    ('WAN', WANLoss(**EPS), .456904,
     '-.014900 .011206 .025935 .001976 / .015731 .034064 -.110090 .020833'),
    ('LSAN', LSANLoss(.1, **EPS), .838521,
     '-.002401 .021118 .065306 -.006569 / .034692 .089692 -.097591 .049999'),
    ('LSAN of the paper', LSANLoss(.2, 'paper', **EPS), .838521,
     '-.002401 .021118 .065306 -.006569 / .034692 .089692 -.097591 .049999'),
    ('EPR', EPRLoss(1.5, **EPS), .288000,
     '-.012820 .003895 .004656 .000895 / .004656 .002955 -.108010 .004953'),
    ('EM', EMLoss(.2, **EPS), .200049,
     '-.014900 -.004915 .002938 -.003388 / -.002938 .005593 -.110090 0'),
]
# fmt: on


def numbers(text: str) -> np.ndarray:
    return np.array([float(part) for part in text.replace('/', ' ').split()]).reshape(2, 4)


def started(loss, observed=SINGLE, max_epochs=10, num_samples=2, epoch=0):
    """A copy of a loss that knows a training set of the batch's images."""
    loss = copy.deepcopy(loss)
    rows = np.array(observed, np.int8)
    sparse = SparseLabels.from_dense(np.resize(rows, (num_samples, 4)))
    loss.start(TrainingFacts(num_samples, 4, labels=[sparse], max_epochs=max_epochs))
    loss.set_epoch(epoch, max_epochs)
    return loss


def assert_gives(loss, observed, value, gradient):
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    found = loss(x, torch.tensor(observed), sample_idx=torch.arange(2))
    found.backward()
    assert found.item() == pytest.approx(value, abs=6e-7)
    np.testing.assert_allclose(x.grad.numpy(), numbers(gradient), rtol=0, atol=6e-7)


@pytest.mark.parametrize(('loss', 'value', 'gradient'), [v[1:] for v in VALUES],
                         ids=[v[0] for v in VALUES])  # fmt: skip
def test_loss_and_gradient(loss, value, gradient):
    assert_gives(loss, SINGLE, value, gradient)


@pytest.mark.parametrize('loss', [IgnoreUnobservedLoss(**EPS), CurriculumLoss(**EPS)])
def test_observed_labels_alone(loss):
    gradient = '-.014900 0 .077805 0 / 0 .102191 -.110090 0'
    assert_gives(started(loss, WITH_NEGATIVES), WITH_NEGATIVES, 0.616146, gradient)


def test_soft_negatives_of_apl():
    loss = started(EMAPLLoss(0.2, 0.02, **EPS))
    store = loss.state.entries('soft_negatives')
    store.write(np.array([3, 4]), np.array([0.05, 0.3]), epoch=4)
    gradient = '-.014900 -.004915 .002938 -.000006 / .000194 .005593 -.110090 0'
    assert_gives(loss, SINGLE, 0.223447, gradient)
    empty = started(EMAPLLoss(0.2, 0.02, **EPS))
    assert_gives(empty, SINGLE, *VALUES[-1][2:])  # before any is written it is EM


def test_role_and_the_gradient_of_its_estimates():
    y = torch.tensor([[0.995, 0.45, 0.55, 0.4], [0.6, 0.5, 0.995, 0.42]])
    loss = started(ROLELoss(1.5, **EPS))
    rows = loss.state.rows('estimates')
    rows.data.copy_(torch.logit(y))
    gradient = '-.013548 -.009368 .006856 -.021583 / -.011575 .021324 -.108738 .007476'
    assert_gives(loss, SINGLE, 1.217016, gradient)
    own = '.006959 .018702 .002858 .029198 / .021066 -.012387 .054464 .002270'
    np.testing.assert_allclose(rows._gradient.numpy(), numbers(own), rtol=0, atol=6e-7)


# What follows from the formulas


@pytest.mark.parametrize(
    ('loss', 'same', 'classes'),
    [
        (WANLoss(), AssumeNegativeLoss(), 2),
        (LSANLoss(0), AssumeNegativeLoss(), 4),
        (EMLoss(0), IgnoreUnobservedLoss(), 4),
        (EPRLoss(1.5), IgnoreUnobservedLoss(extra=[ExpectedPositives(1.5)]), 4),
    ],
)
def test_two_losses_are_the_same(loss, same, classes):
    x = torch.tensor(X, dtype=torch.float64)[:, :classes]
    observed = torch.tensor(WITH_NEGATIVES)[:, :classes]
    assert loss(x, observed).item() == pytest.approx(same(x, observed).item(), abs=1e-12)


ALL = [
    WANLoss(), LSANLoss(), IgnoreUnobservedLoss(), EMLoss(), EMAPLLoss(), ThresholdWriteBackLoss(),
    CurriculumLoss(),
]  # fmt: skip


@pytest.mark.parametrize('loss', ALL, ids=lambda loss: type(loss).__name__)
def test_an_observed_negative_counts_as_in_cross_entropy(loss):
    x = torch.tensor(X, dtype=torch.float64, requires_grad=True)
    loss = started(loss, WITH_NEGATIVES)
    loss(x, torch.tensor(WITH_NEGATIVES), sample_idx=torch.arange(2)).backward()
    assert x.grad[0, 2].item() == pytest.approx(x[0, 2].sigmoid().item() / 8, abs=1e-12)


def test_nothing_overflows_without_a_guard_and_the_guard_cuts_the_gradient():
    x = torch.tensor([[-110.0, 110.0]], requires_grad=True)
    AssumeNegativeLoss(reduction='sum')(x, torch.tensor([[1, -1]])).backward()
    assert x.grad.tolist() == [[-1, 1]]
    x = torch.tensor([[-20.0]], requires_grad=True)
    AssumeNegativeLoss(log_eps=1e-5)(x, torch.tensor([[1]])).backward()
    assert x.grad.item() == pytest.approx(-2.06e-4, abs=1e-6)
