from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.metrics import roc_auc_score

from wsml_mm.evaluation import area_under_roc


@given(
    hnp.arrays(np.float64, st.integers(2, 40), elements=st.sampled_from([0.0, 0.25, 0.5, 1.0])),
    st.data(),
)
def test_equals_sklearn_ties_included(scores, data):
    positive = data.draw(hnp.arrays(np.bool_, scores.shape))
    found = area_under_roc(scores, positive)
    if positive.all() or not positive.any():
        assert np.isnan(found)
    else:
        assert found == pytest.approx(roc_auc_score(positive, scores), abs=1e-12)


def test_known_values():
    assert area_under_roc([0.9, 0.8, 0.1], [1, 1, 0]) == 1
    assert area_under_roc([0.9, 0.8, 0.1], [0, 0, 1]) == 0
    assert area_under_roc([0.5, 0.5, 0.5], [1, 0, 0]) == 0.5
    with pytest.raises(ValueError, match='1 of 2 scores are NaN'):
        area_under_roc([np.nan, 0.5], [1, 0])
    with pytest.raises(ValueError, match='positive holds -1'):
        area_under_roc([0.1, 0.5], [1, -1])
