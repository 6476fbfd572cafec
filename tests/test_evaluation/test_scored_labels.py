from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score

from wsml_mm.evaluation import ScoredLabels, class_average_precision

SHAPES = st.tuples(st.integers(1, 8), st.integers(1, 6))


@given(SHAPES, st.data())
def test_triples_in_any_order_equal_the_matrix(shape, data):
    pred = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=16)))
    target = data.draw(hnp.arrays(np.int8, shape, elements=st.sampled_from([1, 0, -1])))
    rows, classes = np.nonzero(target != -1)
    order = data.draw(st.permutations(range(len(rows))))
    rows, classes = rows[list(order)], classes[list(order)]
    labels = ScoredLabels.from_triples(
        classes, pred[rows, classes], target[rows, classes] == 1, shape[1]
    )
    dense = ScoredLabels.from_dense(pred, target)
    assert len(labels) == len(dense) == shape[1]
    for one, other in zip(labels, dense, strict=True):
        assert sorted(zip(*one, strict=True)) == sorted(zip(*other, strict=True))
    np.testing.assert_array_equal(labels.kinds().negatives, (target == 0).sum(axis=0))
    np.testing.assert_array_equal(labels.positives(), (target == 1).sum(axis=0))
    np.testing.assert_array_equal(dense.positives(), (target == 1).sum(axis=0))
    found = labels.average_precision()
    np.testing.assert_allclose(found, class_average_precision(pred, target), atol=1e-12)
    for label in range(shape[1]):
        known = target[:, label] != -1
        if (target[:, label] == 1).any():
            expected = average_precision_score(target[known, label] == 1, pred[known, label])
            assert found[label] == pytest.approx(expected, abs=1e-12)
        else:
            assert found[label] == 0 if known.any() else np.isnan(found[label])


@pytest.mark.parametrize('num_classes', [3, 70_000])
def test_more_classes_than_16_bits(num_classes):
    last = num_classes - 1
    labels = ScoredLabels.from_triples(
        [last, 0, last, last], [0.1, 0.3, 0.9, 0.5], [True, False, False, True], num_classes
    )
    found = labels.average_precision()
    assert found[last] == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert found[0] == 0
    assert np.isnan(found[1:last]).all()
    assert labels.positives()[last] == 2


def test_no_labels():
    labels = ScoredLabels.from_triples([], [], [], 2)
    assert np.isnan(labels.average_precision()).tolist() == [True, True]
    assert labels.positives().tolist() == [0, 0]
