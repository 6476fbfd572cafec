from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import average_precision_score

from wsml_mm.evaluation import average_precision, class_average_precision

CHECK = settings(max_examples=200, deadline=None, database=None)
SCORES = st.sampled_from([0.0, -0.0, 0.25, 0.5, 1.0]) | st.floats(-1e6, 1e6)


@CHECK
@given(hnp.arrays(np.float64, st.integers(1, 40), elements=SCORES), st.data())
def test_equals_sklearn(scores, data):
    positive = data.draw(hnp.arrays(np.bool_, scores.shape))
    found = average_precision(scores, positive)
    if positive.any():
        assert found == pytest.approx(average_precision_score(positive, scores), abs=1e-12)
    else:
        assert found == 0
    assert isinstance(found, float)


@pytest.mark.parametrize('dtype', [np.float16, np.float32, np.float64])
def test_equals_sklearn_on_many_tied_scores(dtype):
    random = np.random.default_rng(0)
    scores = (1 / (1 + np.exp(-random.normal(size=5000)))).astype(dtype)
    scores[:500] = scores[1000]
    positive = random.random(5000) < scores.astype(np.float64)
    expected = average_precision_score(positive, scores)
    assert average_precision(scores, positive) == pytest.approx(expected, abs=1e-12)


def test_a_tie_is_one_step_whatever_its_order():
    for positive in ([1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]):
        assert average_precision([0.5] * 4, positive) == 0.25
    # precision 1 at recall 1/3, then one step of four equal scores to 3 of 5
    assert average_precision([0.9, 0.5, 0.5, 0.5, 0.5], [1, 0, 1, 0, 1]) == pytest.approx(
        1 / 3 + 2 / 3 * 3 / 5
    )


def test_known_values():
    assert average_precision([0.9, 0.8, 0.7], [1, 1, 0]) == 1
    assert average_precision([0.9, 0.8, 0.7], [0, 0, 1]) == pytest.approx(1 / 3)
    assert average_precision([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]) == pytest.approx(5 / 6)
    assert average_precision([3.0], [1]) == 1
    assert average_precision([], []) == 0


@pytest.mark.parametrize('value', [np.inf, -np.inf])
def test_infinite_scores_are_refused(value):
    with pytest.raises(ValueError, match='1 of 3 scores are infinite: the model has diverged'):
        average_precision([0.5, value, 0.2], [1, 0, 1])


@pytest.mark.parametrize('positive', [[1, -1, 0], [1, 0.5, 0], [1, np.nan, 0], [1, 2, 0]])
def test_labels_that_are_no_truth_values_are_refused(positive):
    with pytest.raises(ValueError, match=f'positive holds {positive[1]}: take the annotated'):
        average_precision([0.5, 0.4, 0.2], positive)


def test_scores_that_differ_only_in_float64_do_not_tie():
    scores = np.array([0.5, 0.5 + 1e-13])
    assert average_precision(scores, [0, 1]) == 1


@pytest.mark.parametrize('positive', [[0, 1, 0], [0, 0, 0]])
def test_nan_is_refused(positive):
    with pytest.raises(ValueError, match='2 of 3 scores are NaN: the model has diverged'):
        average_precision([np.nan, 0.5, np.nan], positive)


@CHECK
@given(hnp.array_shapes(min_dims=2, max_dims=2, max_side=8), st.data())
def test_each_class_over_its_annotated_images_only(shape, data):
    pred = data.draw(hnp.arrays(np.float32, shape, elements=st.floats(0, 1, width=16)))
    target = data.draw(hnp.arrays(np.int8, shape, elements=st.sampled_from([1, 0, -1])))
    found = class_average_precision(pred, target)
    assert found.dtype == np.float64
    assert found.shape == (shape[1],)
    for label in range(shape[1]):
        known = [(pred[i, label], t) for i, t in enumerate(target[:, label]) if t != -1]
        if not known:
            assert np.isnan(found[label])
        elif not any(t for _, t in known):
            assert found[label] == 0
        else:
            scores, truth = zip(*known, strict=True)
            expected = average_precision_score(truth, scores)
            assert found[label] == pytest.approx(expected, abs=1e-12)


def test_nan_at_an_unannotated_entry_does_no_harm():
    pred = np.array([[0.9, np.nan], [0.1, 0.5]])
    assert class_average_precision(pred, np.array([[1, -1], [0, 1]])).tolist() == [1, 1]
