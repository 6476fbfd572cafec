"""Curriculum labelling: what is chosen, and that the choice is replaced."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from loss_tester import bce, labels_of, make_batch, scores_of_training_set, started

from wsml_mm import CurriculumLoss, TrainingFacts
from wsml_mm.labels import SparseLabels


def run(loss_settings, epochs=3):
    """Yields the loss, its choice as a matrix (1, 0, nan) and the logits, epoch by epoch."""

    class Case:
        max_epochs = 8

        @staticmethod
        def build():
            return CurriculumLoss(**loss_settings)

    loss = started(Case)
    for epoch in range(epochs):
        loss.set_epoch(epoch, 8)
        loss.end_epoch(scores_of_training_set(loss, epoch))
        table = loss.state.suspicions('chosen')
        choice = np.full(labels_of().shape, np.nan)
        choice[table['sample'], table['class']] = table['value']
        scores = np.random.default_rng(100 + epoch).random(choice.shape)
        yield loss, choice, np.log(scores / (1 - scores))


def test_the_choice_is_that_of_the_last_epoch():
    for epoch, (_, choice, x) in enumerate(run(dict(threshold=0.5, warm_up=2))):
        chosen = (labels_of() == -1) & (abs(x) > 0.5) & (epoch >= 1)
        np.testing.assert_array_equal(choice, np.where(chosen, x > 0, np.nan))


@pytest.mark.parametrize(
    ('settings', 'sure'),
    [
        (dict(threshold=(-1, 0.2)), lambda x: (x < -1) | (x > 0.2)),
        (dict(threshold=2, positives_only=True), lambda x: x > 2),
    ],
)
def test_two_thresholds_and_positives_alone(settings, sure):
    for _, choice, x in run(settings):
        chosen = (labels_of() == -1) & sure(x)
        np.testing.assert_array_equal(choice, np.where(chosen, x > 0, np.nan))


def test_known_and_chosen_labels_count_with_the_factor_of_their_share():
    *_, (loss, choice, _) = run(dict(partial_bce=(-4.45, 5.45, 1)))
    loss.set_epoch(3, 8)
    loss.keep_trace = True
    logits, observed, index = make_batch(0)
    value = loss(logits, observed, sample_idx=index).item()
    z, chosen = observed.numpy(), choice[index.numpy()]
    known = (z != -1) | np.isfinite(chosen)
    factor = 5.45 - 4.45 * known.mean(1, keepdims=True)
    entries = bce(logits.numpy(), (z == 1) | (chosen == 1)) * known * factor
    assert value == pytest.approx(entries.mean(), abs=1e-12)
    actions = {name: mask.numpy() for name, mask in loss.trace.actions.items()}
    np.testing.assert_array_equal(actions['kept_positive'], chosen == 1)
    np.testing.assert_array_equal(actions['kept_negative'], chosen == 0)


def test_without_a_known_negative_it_asks_for_a_first_model():
    observed = np.full((4, 3), -1, np.int8)
    observed[:, 0] = 1
    facts = TrainingFacts(4, 3, labels=[SparseLabels.from_dense(observed)], max_epochs=3)
    with pytest.raises(ValueError, match=r'CurriculumLoss: no label.*assume_negative_first=True'):
        CurriculumLoss().start(facts)
    loss = CurriculumLoss(assume_negative_first=True)
    loss.start(facts)
    with pytest.raises(ValueError, match='CurriculumLoss would write 8 labels'):
        CurriculumLoss(assume_negative_first=True, max_gigabytes=1e-9).start(facts)
    x = torch.zeros(1, 3, dtype=torch.float64)
    for epoch, counted in ((0, 3), (1, 1)):  # afterwards only what is known or chosen
        loss.set_epoch(epoch, 3)
        value = loss(x, torch.tensor([[1, -1, -1]]), sample_idx=torch.tensor([0]))
        assert value.item() == pytest.approx(counted / 3 * np.log(2))
