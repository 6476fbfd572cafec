from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm import TrainingFacts
from wsml_mm.labels import SparseLabels

PARTS = st.lists(
    st.lists(st.lists(st.sampled_from([1, 0, -1]), min_size=3, max_size=3), min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


@given(PARTS, st.data())
def test_equals_the_dense_labels_of_all_datasets(parts, data):
    dense = np.concatenate([np.array(part, np.int8) for part in parts])
    labels = [SparseLabels.from_dense(np.array(part, np.int8)) for part in parts]
    count = len(dense)
    trained = np.array(data.draw(st.lists(st.integers(0, count - 1), max_size=6)), np.int64)
    facts = TrainingFacts(count, 3, labels=labels, trained=trained)
    samples = data.draw(st.lists(st.integers(0, count - 1), max_size=6))
    np.testing.assert_array_equal(facts.observed(samples), dense[samples].reshape(-1, 3))
    unobserved = (dense[trained] == -1).sum(0)
    np.testing.assert_array_equal(facts.unobserved_per_class(), unobserved)
    assert facts.num_unobserved == unobserved.sum()
    assert TrainingFacts(count, 3, labels=labels).training_samples().tolist() == [*range(count)]


def test_unknown_labels_are_named():
    facts = TrainingFacts(4, 3)
    assert facts.num_unobserved is None
    with pytest.raises(ValueError, match=r'PartialLabelDataset.*TrainingFacts\(labels'):
        facts.observed([0])
