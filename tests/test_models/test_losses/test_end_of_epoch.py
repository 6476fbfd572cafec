"""The pass between epochs: the lowest scores of each class, whatever order they come in."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm import Entries, TrainingFacts
from wsml_mm.labels import SparseLabels
from wsml_mm.models.losses.end_of_epoch import LowestOfClasses, open_scores

SAMPLES, CLASSES = 30, 3


def lowest_by_sorting(scores, chosen, counts):
    """(class, score, sample) of the lowest, sorted as a whole."""
    found = []
    for label, count in enumerate(counts):
        rows = np.flatnonzero(chosen[:, label])
        order = sorted(rows, key=lambda row: (scores[row, label], row))[:count]
        found += [(label, float(scores[row, label]), int(row)) for row in order]
    return found


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 999),
    counts=st.lists(st.integers(0, 12), min_size=CLASSES, max_size=CLASSES),
    levels=st.sampled_from([2, 5, 1000]),
    batch=st.integers(1, SAMPLES),
)
def test_the_lowest_of_each_class_however_they_stream(seed, counts, levels, batch):
    """With many equal scores, which go in the order of the samples."""
    random = np.random.default_rng(seed)
    scores = random.integers(0, levels, (SAMPLES, CLASSES)) / levels
    chosen = random.random((SAMPLES, CLASSES)) < 0.6
    lowest = LowestOfClasses(np.array(counts))
    for part in np.array_split(random.permutation(SAMPLES), -(-SAMPLES // batch)):
        index, *given = (torch.from_numpy(a) for a in (part, scores[part], chosen[part]))
        lowest.add(index, *given)
    samples, classes, values = lowest.of_all_ranks()
    found = list(zip(classes.tolist(), values.tolist(), samples.tolist(), strict=True))
    assert found == lowest_by_sorting(scores, chosen, counts)


def test_no_more_is_held_than_twice_what_is_asked_for():
    lowest = LowestOfClasses(np.array([5, 0, 20]))
    random = np.random.default_rng(0)
    for first in range(0, 10_000, 100):
        index = torch.arange(first, first + 100)
        scores = torch.from_numpy(random.random((100, 3)))
        lowest.add(index, scores, torch.ones(100, 3, dtype=torch.bool))
        assert lowest._held <= 2 * 25 + 3
    assert len(lowest.of_all_ranks()[0]) == 25


def test_open_is_what_is_unobserved_and_not_yet_decided():
    observed = np.array([[1, -1, -1], [-1, 0, -1]], np.int8)
    facts = TrainingFacts(2, 3, labels=[SparseLabels.from_dense(observed)])
    store = Entries().create(facts)
    store.write(np.array([2]), np.array([0.5]), 0)

    def predict():
        yield torch.tensor([1, 0]), torch.rand(2, 3)

    (samples, scores, found), *rest = open_scores(predict, facts, store)
    assert not rest
    assert samples.tolist() == [1, 0]
    assert scores.dtype == torch.float64
    assert found.tolist() == [[True, False, True], [False, True, False]]
    _, _, found = next(open_scores(predict, facts))
    assert found.tolist() == [[True, False, True], [False, True, True]]


def test_a_diverged_model_is_not_written_as_labels():
    facts = TrainingFacts(2, 3)
    lowest = LowestOfClasses(np.array([2, 2, 2]))
    scores = torch.full((2, 3), torch.nan, dtype=torch.float64)
    lowest.add(torch.arange(2), scores, torch.ones(2, 3, dtype=torch.bool))
    samples, classes, values = lowest.of_all_ranks()
    with pytest.raises(ValueError, match='may have diverged'):
        Entries().create(facts).write(samples * 3 + classes, values, 0)
