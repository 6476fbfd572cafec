"""Bounded lists hold what sorting all pairs would, whatever the batches."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.apis import suspicions
from wsml_mm.apis.missing_labels import ScoreCounts
from wsml_mm.apis.suspicions import COLUMNS, BestPairs, Suspicions, combine


def sorted_pairs(order, eligible, per_class, overall):
    """All pairs, sorted, and cut: what the bounded list must hold."""
    pairs = sorted((-order[r, c], r, c) for r, c in zip(*np.nonzero(eligible), strict=True))
    first = [pair for c in range(order.shape[1]) for pair in
             [p for p in pairs if p[2] == c][:per_class]]  # fmt: skip
    return sorted({*first, *pairs[:overall]})


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1),
    st.integers(1, 7),
    st.integers(0, 5),
    st.integers(0, 12),
    st.sampled_from([0, 3, 40]),
)
def test_what_is_kept_is_what_sorting_all_would_keep(seed, size, per_class, overall, held):
    rng = np.random.default_rng(seed)
    order = rng.integers(0, 6, (23, 4)) / 4  # many ties
    eligible = rng.random((23, 4)) < 0.7
    best = BestPairs(4, per_class, overall)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suspicions, '_HELD', held)
        for begin in range(0, 23, size):
            part = slice(begin, begin + size)
            best.add(np.arange(23)[part], order[part], eligible[part], seen=order[part] * 2)
    found = best.result()
    pairs = list(zip(-found['order'], found['row'], found['class'], strict=True))
    assert pairs == sorted_pairs(order, eligible, per_class, overall)
    if pairs:
        np.testing.assert_array_equal(found['seen'], found['order'] * 2)


def test_of_several_checkpoints_the_mean_logit_ranks():
    one, two = np.array([[0.5, 0.9]]), np.array([[0.9, 0.9]])
    found = combine([one, two])
    np.testing.assert_allclose(found.score, [[0.75, 0.9]])  # logits 0 and ln 9; both ln 9
    np.testing.assert_allclose(found.mean, [[0.7, 0.9]])
    np.testing.assert_allclose(found.probability, two)
    assert np.isfinite(combine([np.zeros((1, 2)), np.ones((1, 2))]).score).all()
    alone = combine([np.float32(one)])
    assert np.array_equal(alone.score, np.float32(one))


def test_three_lists_and_their_evidence():
    labels = np.array([[1, -1, 0], [-1, 0, 1]], np.int8)
    scores = combine([np.array([[0.2, 0.7, 0.6], [0.4, 0.1, 0.9]])])
    found = Suspicions(3, 5, 5)
    found.add(np.array([4, 7]), labels, scores)
    selected = {'key': np.array([4 * 3 + 1]), 'epoch': np.array([2]), 'times': np.array([3])}
    names = {4: 'd.jpg', 7: 'g.jpg'}
    table = found.table(names, 'abc', selected=selected)
    assert tuple(table) == COLUMNS
    rows = list(zip(*(table[key] for key in COLUMNS), strict=True))
    short = [(*row[:4], round(row[4], 2), *row[6:]) for row in rows]
    assert short == [
        ('missing', 1, 'd.jpg', 'b', 0.7, None, 2, 3, -1),
        ('missing', 2, 'g.jpg', 'a', 0.4, None, None, 0, -1),
        ('positive', 1, 'd.jpg', 'a', 0.2, None, None, 0, 1),
        ('positive', 2, 'g.jpg', 'c', 0.9, None, None, 0, 1),
        ('negative', 1, 'd.jpg', 'c', 0.6, None, None, 0, 0),
        ('negative', 2, 'g.jpg', 'b', 0.1, None, None, 0, 0),
    ]
    alone = found.table(names, 'abc', checkpoints=2)
    assert alone['first_selected'] == alone['times_selected'] == [None] * 6
    assert alone['mean_probability'][0] == pytest.approx(0.7)


@pytest.mark.parametrize(('images', 'classes'), [(100_000, 1000)])
def test_memory_at_scale(images, classes):
    """A hundred million pairs: an N x C matrix of float32 would be 400 MB, with labels 500."""
    rng, size = np.random.default_rng(0), 1000
    base = rng.random((size, classes), np.float32)
    labels = np.full((size, classes), -1, np.int8)
    labels[:, 0] = 1
    tracemalloc.start()
    try:
        found, counts = Suspicions(classes, 200, 10_000), ScoreCounts(classes)
        for begin in range(0, images, size):
            probability = np.roll(base, begin // size, axis=1)
            scores = combine([probability])
            found.add(np.arange(begin, begin + size), labels, scores)
            if begin % 10_000 == 0:  # its memory does not grow, its time would
                counts.add(scores.score, labels)
        result = found._lists['missing'].result()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(result['row']) >= 199_800
    assert peak < 300e6
