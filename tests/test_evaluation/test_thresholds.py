"""From scores to labels: the rule, and thresholds chosen on validation data."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.evaluation.thresholds import NEVER, LabelRule, choose_thresholds


def test_rules():
    scores = np.array([[0.7, 0.2, 0.7], [0.1, 0.3, 0.2]], np.float32)
    assert LabelRule.of('abc', 0.7)(scores).tolist() == [[True, False, True], [False] * 3]
    by_name = dict(a=0.1, b=0.3, c=NEVER)
    assert LabelRule.of('abc', by_name)(scores).tolist() == [
        [True, False, False],
        [True, True, False],
    ]
    assert LabelRule.of('abc', [1, 0, 0.5])(scores)[:, 1].all()
    assert LabelRule.of('abc', top_k=1)(scores).tolist() == [
        [True, False, False],
        [False, True, False],
    ]
    assert LabelRule.of('abc', top_k=3)(scores).all()


@pytest.mark.parametrize(
    ('threshold', 'top_k', 'says'),
    [
        (dict(a=0.5, b=0.5), None, "threshold: 'c' has none; give one for each of its 3 classes"),
        (dict(a=0.5, b=0.5, c=0.5, d=0.5), None, "'d' is no class of the dataset"),
        ([0.5, 0.5], None, 'threshold: 2 numbers for 3 classes'),
        (1.5, None, 'threshold=1.5: scores lie between 0 and 1'),
        (float('nan'), None, 'threshold=nan'),
        (0.5, 4, 'top_k=4: there are 3 classes'),
        (0.5, 0, 'top_k=0'),
    ],
)
def test_rules_that_are_refused(threshold, top_k, says):
    with pytest.raises(ValueError, match=says):
        LabelRule.of('abc', threshold, top_k)


LABELS = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from([0, 1, 1, -1])), min_size=1, max_size=12
).filter(lambda rows: any(label == 1 for _, label in rows))


def column(rows):
    """Scores with ties, and labels."""
    scores, target = np.array(rows).T
    return (scores[:, None] / 7).astype(np.float32), target[:, None].astype(np.int8)


def reached(threshold, scores, target):
    """Precision, recall and F1 at a threshold."""
    positive = target[target >= 0] == 1
    taken = LabelRule.of('a', threshold)(scores)[target >= 0]
    hits = (taken & positive).sum()
    return (
        hits / max(taken.sum(), 1),
        hits / positive.sum(),
        2 * hits / (taken.sum() + positive.sum()),
    )


GRID = np.arange(15) / 14  # of scores in sevenths, and half-way between


@given(LABELS)
@settings(max_examples=60)
def test_no_threshold_has_a_better_f1(rows):
    scores, target = column(rows)
    chosen = choose_thresholds(scores, target, 'a')['a']
    best = max(reached(t, scores, target)[2] for t in GRID)
    assert reached(chosen, scores, target)[2] == pytest.approx(best)


@given(LABELS, st.sampled_from([0.3, 0.5, 0.75, 1.0]))
@settings(max_examples=60)
def test_no_threshold_of_that_precision_has_more_recall(rows, precision):
    scores, target = column(rows)
    chosen = choose_thresholds(scores, target, 'a', precision)['a']
    known = [reached(t, scores, target) for t in GRID]
    good = [recall for found, recall, _ in known if found >= precision]
    if chosen == NEVER:
        assert not good
        return
    assert reached(chosen, scores, target)[0] >= precision
    assert reached(chosen, scores, target)[1] == pytest.approx(max(good))


def test_a_threshold_lies_between_two_scores():
    scores = np.array([[0.9], [0.6], [0.2]], np.float32)
    assert choose_thresholds(scores, np.array([[1], [1], [0]]), ['a'])['a'] == pytest.approx(0.4)
    assert choose_thresholds(scores, np.array([[1], [1], [1]]), ['a'])['a'] == pytest.approx(0.2)
    close = np.array([[np.nextafter(np.float32(0.5), np.float32(1))], [0.5]], np.float32)
    chosen = choose_thresholds(close, np.array([[1], [0]]), ['a'])
    assert LabelRule.of(['a'], chosen)(close).tolist() == [[True], [False]]


def test_refusals():
    scores, target = np.full((2, 2), 0.5), np.array([[1, -1], [0, 0]])
    with pytest.raises(ValueError, match=r'^b: no known positive .*give thresholds'):
        choose_thresholds(scores, target, 'ab')
    with pytest.raises(ValueError, match='precision=0: give a share'):
        choose_thresholds(scores, target, 'ab', 0)
    with pytest.raises(ValueError, match='3 class names for scores of 2 classes'):
        choose_thresholds(scores, target, 'abc')
