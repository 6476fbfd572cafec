from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from wsml_mm.evaluation.class_order import ClassOrder


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
def test_each_class_keeps_its_labels_negatives_first(dtype):
    random = np.random.default_rng(0)
    classes, scores = random.integers(0, 9, 500), random.random(500).astype(dtype)
    positive = random.random(500) < 0.3
    order = ClassOrder(classes, scores, positive, 12)  # three classes have no labels
    for label, (found, truth) in enumerate(order):
        assert found.dtype == dtype
        mine, others = ((classes == label) & (positive == kind) for kind in (True, False))
        assert found.tolist() == [*scores[others], *scores[mine]]
        assert truth.tolist() == [False] * others.sum() + [True] * mine.sum()
    kinds = order.kinds()
    assert kinds.positives.tolist() == np.bincount(classes[positive], minlength=12).tolist()
    assert kinds.negatives.tolist() == np.bincount(classes[~positive], minlength=12).tolist()


@pytest.mark.parametrize('wrong', [-1, 3])
def test_classes_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=r'are not all of 0\.\.2; check num_classes'):
        ClassOrder([0, wrong, 2], [0.1, 0.2, 0.3], [True, False, True], 3)


def test_memory_is_a_few_bytes_a_label(monkeypatch):
    random = np.random.default_rng(0)
    classes = random.integers(0, 5000, 200_000).astype(np.int32)
    scores, positive = random.random(200_000, np.float32), random.random(200_000) < 0.3
    ClassOrder([0], [0.5], [True], 1)  # imports what it needs
    tracemalloc.start()
    order = ClassOrder(classes, scores, positive, 5000)
    peak = tracemalloc.get_traced_memory()[1]
    assert peak < 17 * 200_000  # argsort alone takes 8 and a copy of the classes
    monkeypatch.setattr('wsml_mm.evaluation.class_order._LABELS', 1 << 14)
    tracemalloc.reset_peak()
    order.average_precision()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 18 * 200_000  # of all classes at once 25


@pytest.mark.parametrize('labels', [1, 7, 60, 10_000])
def test_blocks_of_classes_score_as_all_do_at_once(monkeypatch, labels):
    random = np.random.default_rng(0)
    classes = random.choice([1, 2, 5, 6, 7, 11], 500)  # there are none first, between and last
    scores, positive = random.integers(0, 40, 500) / 40, random.random(500) < 0.3
    expected = ClassOrder(classes, scores, positive, 14).average_precision()
    assert np.isnan(expected).tolist() == [label not in classes for label in range(14)]
    monkeypatch.setattr('wsml_mm.evaluation.class_order._LABELS', labels)
    found = ClassOrder(classes, scores, positive, 14).average_precision()
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize('num_classes', [0, 2])
def test_without_labels_nothing_is_known(num_classes):
    found = ClassOrder([], [], [], num_classes).average_precision()
    assert np.isnan(found).tolist() == [True] * num_classes
