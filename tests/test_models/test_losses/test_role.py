"""ROLE's estimates: how they begin, and how a second training takes them over."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from loss_tester import CLASSES, SAMPLES, labels_of, make_batch, started

from wsml_mm import ROLELoss, TrainingFacts
from wsml_mm.labels import SparseLabels


class Case:
    max_epochs = 5
    seed = 0

    @classmethod
    def build(cls):
        return ROLELoss(2.0, seed=cls.seed)


class OtherSeed(Case):
    seed = 1


def estimates(loss):
    return loss.state.rows('estimates').data


def test_the_first_estimates():
    data, observed = estimates(started(Case)), torch.from_numpy(labels_of())
    torch.testing.assert_close(data[observed == 1].sigmoid(), torch.full_like(data[observed == 1],
                               0.995), rtol=0, atol=1e-6)  # fmt: skip
    torch.testing.assert_close(data[observed == 0].sigmoid(), torch.full_like(data[observed == 0],
                               0.005), rtol=0, atol=1e-6)  # fmt: skip
    unsure = data[observed == -1].sigmoid()
    assert 0.4 < unsure.min() < 0.42 < 0.58 < unsure.max() < 0.6
    assert torch.equal(data, estimates(started(Case)))
    assert not torch.equal(data, estimates(started(OtherSeed)))


def test_a_second_training_starts_from_the_estimates_alone():
    """Cut at 1e-5 from 0 and 1, with the moments of Adam at nothing."""
    loss = started(Case)
    loss.set_epoch(0, 5)
    logits, observed, index = make_batch(0)
    for _ in range(2):
        loss(logits, observed, sample_idx=index)
        loss.after_step(0.5)
    estimates(loss)[0, 0] = 30.0
    other = started(Case)
    other.state.load_state_dict(loss.state.state_dict())
    other.take_over()
    kept = estimates(loss).clamp(-math.log(99999), math.log(99999))
    torch.testing.assert_close(estimates(other), kept)
    assert not other.state.rows('estimates')._optimizer.state
    assert loss.state.rows('estimates')._optimizer.state


def test_a_second_start_keeps_the_estimates():
    loss = started(Case)
    estimates(loss)[:] = 7
    loss.start(loss.state.facts)
    assert (estimates(loss) == 7).all()


def test_observed_labels_must_be_known_and_fit_into_memory():
    with pytest.raises(ValueError, match='observed labels of the training set are not known'):
        ROLELoss(1.5).start(TrainingFacts(SAMPLES, CLASSES))
    sparse = SparseLabels.from_dense(np.full((6, 3), -1, np.int8))
    with pytest.raises(ValueError, match=r'6 rows x 3 classes.*more than max_gigabytes=1e-07'):
        ROLELoss(1.5, max_gigabytes=1e-7).start(TrainingFacts(6, 3, labels=[sparse]))
