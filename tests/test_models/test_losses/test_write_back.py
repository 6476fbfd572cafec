"""Threshold write-back: what is written, and that it stays."""

from __future__ import annotations

import numpy as np
from loss_tester import labels_of, scores_of_training_set, started

from wsml_mm import ThresholdWriteBackLoss


class Case:
    max_epochs = 5

    @staticmethod
    def build():
        return ThresholdWriteBackLoss(0.9, warm_up=2)


def test_what_is_above_the_threshold_is_positive_for_good():
    loss, observed = started(Case), labels_of()
    held = np.zeros(observed.shape, bool)
    for epoch in range(5):
        loss.set_epoch(epoch, 5)
        loss.end_epoch(scores_of_training_set(loss, epoch))
        scores = np.random.default_rng(100 + epoch).random(observed.shape)
        if epoch >= 1:
            held |= (observed == -1) & (scores > 0.9)
        table = loss.state.suspicions('written')
        found = np.zeros_like(held)
        found[table['sample'], table['class']] = True
        assert (found == held).all()
        assert (table['epoch'] <= epoch).all()
    assert held.sum() > 5
