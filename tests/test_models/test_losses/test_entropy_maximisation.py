"""EM + APL over a training: how many soft negatives, which ones, and when."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from loss_tester import SAMPLES, labels_of, scores_of_training_set, started
from test_published_values import started as small

from wsml_mm import EMAPLLoss, EMLoss, TrainingFacts
from wsml_mm.labels import SparseLabels


def test_the_entropys_gradient_draws_to_one_half():
    x = torch.tensor([[3.0, -1, 0, -40]], dtype=torch.float64, requires_grad=True)
    EMLoss(0.2)(x, torch.full((1, 4), -1)).backward()
    p = x.detach().sigmoid()
    torch.testing.assert_close(x.grad, 0.2 * p * (1 - p) * x.detach() / 4, rtol=0, atol=1e-15)


def test_the_number_of_soft_negatives_is_exact():
    """floor(0.9 * 4000 / 5) = 720; of 20 labels over 3 rounds 6, which floats make 5."""
    for count, epochs, expected in ((4000, 10, 720), (20, 8, 6), (10, 8, 3)):
        observed = np.full((count + 1, 1), -1, np.int8)
        observed[0] = 1
        labels = [SparseLabels.from_dense(observed)]
        facts = TrainingFacts(count + 1, 1, labels=labels, max_epochs=epochs)
        assert EMAPLLoss(warm_up=5).quota(facts).tolist() == [expected]


class Case:
    max_epochs = 5

    @staticmethod
    def build():
        return EMAPLLoss(0.2, 0.5, warm_up=2)


def test_each_epoch_takes_the_lowest_scores_that_are_left():
    loss, observed = started(Case), labels_of()
    quota = 9 * (observed == -1).sum(0) // 30
    left = observed == -1
    for epoch in range(5):
        loss.set_epoch(epoch, 5)
        loss.end_epoch(scores_of_training_set(loss, epoch))
        table = loss.state.suspicions('soft_negatives')
        now = table['epoch'] == epoch
        if epoch not in (1, 2, 3):  # not before the warm-up, and not after the last epoch
            assert not now.any()
            continue
        scores = np.random.default_rng(100 + epoch).random(left.shape)
        chosen = np.zeros_like(left)
        for label, count in enumerate(quota):
            rows = np.flatnonzero(left[:, label])
            chosen[rows[scores[rows, label].argsort()[:count]], label] = True
        found = np.zeros_like(left)
        found[table['sample'][now], table['class'][now]] = True
        assert (found == chosen).all()
        np.testing.assert_array_equal(table['value'][now], scores[found].astype(np.float32))
        left &= ~chosen
    assert len(loss.state.entries('soft_negatives')) == 3 * quota.sum() < 0.9 * left.size
    assert loss.state.facts.num_samples == SAMPLES


def test_a_score_of_zero_is_a_soft_negative():
    """In a matrix of signed scores it would be -0.0 and pass for unknown."""
    loss = small(EMAPLLoss(0.2, 0.02, log_eps=1e-5))
    loss.state.entries('soft_negatives').write(np.array([3]), np.zeros(1), epoch=4)
    x = torch.tensor([[2, -1, 0.5, -3.0]], dtype=torch.float64, requires_grad=True)
    loss(x, torch.tensor([[1, -1, -1, -1]]), sample_idx=torch.tensor([0])).backward()
    assert x.grad[0, 3].item() == pytest.approx(0.02 * 0.047426 / 4, abs=1e-7)


def test_what_is_refused_before_a_training():
    labels = [SparseLabels.from_dense(np.full((6, 3), -1, np.int8))]
    for epochs, says in ((5, 'warm_up=5 of 5 epochs.*lower warm_up'), (None, 'number of epochs')):
        with pytest.raises(ValueError, match=f'EMAPLLoss.*{says}'):
            EMAPLLoss(warm_up=5).start(TrainingFacts(6, 3, labels=labels, max_epochs=epochs))
    with pytest.raises(ValueError, match=r'EMAPLLoss would write 16 labels.*max_gigabytes=1e-07'):
        EMAPLLoss(max_gigabytes=1e-7).start(TrainingFacts(6, 3, labels=labels, max_epochs=9))
