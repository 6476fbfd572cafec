from __future__ import annotations

import numpy as np

from wsml_mm.evaluation import ScoredLabels


def test_what_is_known_of_each_class():
    target = np.array([[1, 1, 0, -1], [0, 1, 0, -1], [1, -1, -1, -1]])
    kinds = ScoredLabels.from_dense(np.zeros((3, 4)), target).kinds()
    assert kinds.positives.tolist() == [2, 2, 0, 0]
    assert kinds.negatives.tolist() == [1, 0, 2, 0]
    which = (kinds.scorable, kinds.never_negative, kinds.never_positive, kinds.unannotated)
    assert np.array(which).tolist() == np.eye(4, dtype=bool).tolist()
    assert kinds.in_words() == 'never negative: 1, never positive: 1, never annotated: 1'
