from __future__ import annotations

import numpy as np
import pytest
import torch
from focal_oracle import LOGITS, SINGLE, gradient_at, started

from wsml_mm import AssumeNegativeLoss, CRISPRiskLoss, TrainingFacts
from wsml_mm.labels import SparseLabels
from wsml_mm.labels.class_priors import crisp_priors

PRIOR = (0.3, 0.2, 0.25, 0.1)


def value(loss, x=LOGITS, z=SINGLE):
    x = torch.tensor(x, dtype=torch.float64)
    return loss(x, torch.tensor(z), sample_idx=torch.arange(len(x)))


def test_eq_7():
    """The value in the units of each reduction."""
    for reduction, factor in dict(image=1, mean=0.25, sum=2).items():
        loss = started(CRISPRiskLoss(PRIOR, warm_up=0, reduction=reduction))
        assert value(loss).item() == pytest.approx(1.478891 * factor, abs=2e-6)


def test_it_warms_up_as_assume_negative():
    loss, plain = CRISPRiskLoss(PRIOR, warm_up=2), AssumeNegativeLoss()
    loss = started(loss, 1)
    torch.testing.assert_close(value(loss), value(plain))
    loss.set_epoch(2, 8)
    assert value(loss).item() == pytest.approx(1.478891 / 4, abs=1e-6)


def test_observed_negatives_count_fully():
    loss = started(CRISPRiskLoss(PRIOR, warm_up=0))
    z = torch.tensor(SINGLE)
    z[0, 3] = 0
    more = value(loss, z=z.tolist()) - value(loss)
    x = torch.tensor(-3.0, dtype=torch.float64)
    torch.testing.assert_close(more, torch.nn.functional.softplus(x) / 8)


def test_a_class_without_a_labelled_image_has_no_first_part():
    loss = started(CRISPRiskLoss(PRIOR, warm_up=0, reduction='image'))
    x = torch.tensor(LOGITS, dtype=torch.float64)
    balance = (x.sigmoid().mean(0) - torch.tensor(PRIOR)).abs().sum()
    nothing = [[-1] * 4] * 2
    torch.testing.assert_close(value(loss, z=nothing), balance, rtol=0, atol=1e-7)


def test_the_prior_is_estimated_each_epoch_from_all_images():
    matrix = np.array([[1, -1], [-1, 1], [1, -1], [-1, 1]], np.int8)
    labels = SparseLabels.from_dense(matrix)
    loss = CRISPRiskLoss()
    loss.start(TrainingFacts(4, 2, labels=[labels], max_epochs=3))
    scores = torch.tensor([[0.9, 0.1], [0.8, 0.9], [0.7, 0.2], [0.1, 0.8]])
    loss.set_epoch(0, 3)
    order = torch.tensor([3, 0, 2, 1])
    loss.end_epoch(lambda: iter([(order[:3], scores[order[:3]]), (order[3:], scores[order[3:]])]))
    expected = crisp_priors(scores.numpy(), matrix == 1).prior
    found = loss.state.classes('class_prior').data
    torch.testing.assert_close(found, torch.from_numpy(expected).float())
    assert found.tolist() == [0.75, 0.5]


def test_far_entries_have_finite_gradients():
    loss = started(CRISPRiskLoss(PRIOR, warm_up=0))
    for logit in (-110.0, 110.0):
        for label in (1, 0, -1):
            gradient_at(loss, logit, label)


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match='warm_up=0: a number of epochs, at least 1 with "auto"'):
        CRISPRiskLoss(warm_up=0)
    with pytest.raises(ValueError, match='3 values for 4 classes'):
        started(CRISPRiskLoss([0.1, 0.2, 0.3]))
    with pytest.raises(ValueError, match='observed labels of the training set are not known'):
        started(CRISPRiskLoss())
