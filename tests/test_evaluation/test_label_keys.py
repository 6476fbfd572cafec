from __future__ import annotations

from itertools import pairwise
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.evaluation import ScoredLabels, average_precision, scored_labels
from wsml_mm.evaluation.label_keys import label_keys

EDGES = [0.0, -0.0, 1e-45, -1e-45, 0.25, 0.5, np.nextafter(0.5, 1), 1.0, 3e38, -3e38]


@pytest.mark.parametrize('dtype', [np.float32, np.float64])
@given(data=st.data())
def test_all_classes_at_once_equal_each_alone(dtype, data):
    least = data.draw(st.sampled_from([0, -10]))  # scores of one sign, or of both
    elements = st.sampled_from([x for x in EDGES if x >= least]) | st.floats(least, 10)
    scores = data.draw(st.lists(elements, max_size=40).map(lambda x: np.array(x, dtype)))
    classes = data.draw(hnp.arrays(np.int64, scores.shape, elements=st.integers(0, 5)))
    positive = data.draw(hnp.arrays(np.bool_, scores.shape))
    found = ScoredLabels.from_triples(classes, scores, positive, 6).average_precision()
    for label in range(6):
        mine = classes == label
        due = average_precision(scores[mine], positive[mine]) if mine.any() else np.nan
        np.testing.assert_equal(found[label], due)  # to the last bit


@pytest.mark.parametrize(
    ('scores', 'bits'),
    [
        (np.array([0.9, 0.5, 0.0], np.float32), 32),
        (np.array([-0.9, -0.5], np.float32), 32),
        (np.array([-30, -0.0, 0.0, 30], np.float32), 64),
        (np.array([0.9, 0.0]), 64),
        (np.array([-0.9, 0.9], np.float32), 32),
        (np.array([-2.0, 2.0], np.float32), 64),
        (np.array([-0.9, 0.9]), 64),
        (np.array([-2.0, 2.0]), 0),
    ],
)
def test_keys_are_as_narrow_as_scores_allow(scores, bits):
    keys = label_keys(scores, np.zeros(len(scores), np.bool_))
    assert (0 if keys is None else 8 * keys.itemsize) == bits
    for one, other in pairwise(range(len(scores)) if keys is not None else ()):
        assert np.sign(int(keys[one]) - int(keys[other])) == np.sign(scores[one] - scores[other])
    positives_first = label_keys(np.full(2, scores[0]), np.array([False, True]))
    assert positives_first is not None
    assert positives_first.tolist() == [0, 1]


def test_no_class_is_ranked_alone_where_keys_are_enough():
    scores, positive = np.array([0.5, 0.2, 0.1], np.float32), [True, False, True]
    with patch.object(scored_labels, 'average_precision') as alone:
        ScoredLabels.from_triples([0, 1, 1], scores, positive, 3).average_precision()
        assert not alone.called
        alone.return_value = 0.25
        both_signs = ScoredLabels.from_triples([0, 1, 1], [-2.0, 1.0, 2.0], positive, 3)
        assert both_signs.average_precision()[:2].tolist() == [0.25, 0.25]


@pytest.mark.parametrize('bad', [np.nan, np.inf])
def test_scores_that_are_not_finite_are_refused(bad):
    labels = ScoredLabels.from_triples([0, 1], np.array([0.5, bad], np.float32), [True, True], 2)
    with pytest.raises(ValueError, match='1 of 2 scores are'):
        labels.average_precision()
