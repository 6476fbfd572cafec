"""Matrices are read in blocks of classes: the same figures, in little memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from wsml_mm.evaluation import ScoredLabels, class_average_precision, score_matrix
from wsml_mm.evaluation.score_matrix import ScoreMatrix


def scored(images, classes, unknown=0.3):
    random = np.random.default_rng(0)
    pred = random.random((images, classes), np.float32)
    target = (random.random((images, classes), np.float32) < 0.3).astype(np.int8)
    target[random.random((images, classes), np.float32) < unknown] = -1
    return pred, target


@pytest.mark.parametrize('images', [0, 1, 50])
@pytest.mark.parametrize('sizes', [[50], [1, 0, 30, 19], [25, 25]])
@pytest.mark.parametrize('order', ['C', 'F'])
def test_blocks_and_parts_change_nothing(monkeypatch, images, sizes, order):
    pred, target = (np.asarray(a, order=order)[:images] for a in scored(50, 37))
    ends = np.cumsum(sizes)[:-1]
    parts = list(zip(np.split(pred, ends), np.split(target, ends), strict=True))
    due = ScoredLabels.from_dense(pred, target)
    monkeypatch.setattr(score_matrix, '_ENTRIES', 100)
    monkeypatch.setattr(score_matrix, '_CLASSES', 2)
    monkeypatch.setattr(score_matrix, '_ROWS', 7)
    matrix = ScoreMatrix(parts)
    found = ScoredLabels(matrix.kinds(), matrix)
    np.testing.assert_array_equal(found.kinds().positives, (target == 1).sum(axis=0))
    np.testing.assert_array_equal(found.kinds().negatives, (target == 0).sum(axis=0))
    for measure in ('average_precision', 'area_under_roc'):
        values = getattr(found, measure)()
        np.testing.assert_array_equal(values, getattr(due, measure)())
        assert values.shape == (37,)


def test_parts_of_other_precision_keep_theirs():
    one = np.array([[0.5]], np.float32), np.array([[0]])
    other = np.array([[0.5 + 1e-13]]), np.array([[1]], np.int8)
    [(scores, positive)] = ScoreMatrix([one, other])
    assert scores[1] > scores[0]
    assert positive.tolist() == [False, True]


@pytest.mark.parametrize('unknown', [0, 0.3])
def test_memory_is_a_fraction_of_the_matrices(unknown):
    pred, target = scored(20_000, 500, unknown)
    tracemalloc.start()
    found = class_average_precision(pred, target)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found.shape == (500,)
    assert peak < 0.3 * (pred.nbytes + target.nbytes)


def test_a_wrong_label_in_any_part_is_refused(monkeypatch):
    monkeypatch.setattr(score_matrix, '_ROWS', 7)
    pred, target = scored(50, 3)
    target[49, 2] = 2
    with pytest.raises(ValueError, match='target holds 2; labels are 1'):
        ScoredLabels.from_dense(pred, target)
