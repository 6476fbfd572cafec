from __future__ import annotations

import numpy as np
import pytest
from label_samples import as_sparse, full_labels, names_of, to_dense

from wsml_mm.datasets import Observation, SplitNames, observe_split
from wsml_mm.labels import SparseLabels


class FirstPositive(Observation):
    """A process as it was written before there were names: rows only."""

    def rows(self, labels):
        for index in range(len(labels)):
            yield labels.listed(index, 1)[:1], ()


class Named(Observation):
    """Observes one class, by its name."""

    def __call__(self, labels):
        assert isinstance(self.split_names, SplitNames)
        index = self.split_names.classes.index('class_1')
        rows = np.flatnonzero([labels.row(row)[index] == 1 for row in range(len(labels))])
        return SparseLabels.from_pairs(rows, index + 0 * rows, 1, (len(labels), 3), rest=-1)


def test_process_of_rows():
    dense = full_labels(20, 3, density=0.5)
    expected = np.where(np.cumsum(dense == 1, axis=1) * dense == 1, 1, -1)
    for result in (
        FirstPositive()(as_sparse(dense)),
        observe_split(FirstPositive(), as_sparse(dense), names_of(20, 3)),
    ):
        np.testing.assert_array_equal(to_dense(result), expected)


def test_process_that_asks_for_names():
    dense = full_labels(20, 3, density=0.5)
    process = Named()
    observed = to_dense(observe_split(process, as_sparse(dense), names_of(20, 3)))
    np.testing.assert_array_equal(observed[:, 1] == 1, dense[:, 1] == 1)
    assert (observed[:, [0, 2]] == -1).all()
    assert process.split_names is None
    with pytest.raises(ValueError, match='not in tuple'):
        observe_split(process, as_sparse(dense), SplitNames(('a', 'b', 'c'), list))
    assert process.split_names is None


def test_process_of_nothing():
    with pytest.raises(NotImplementedError, match='Observation: defines neither rows nor __call__'):
        Observation()(as_sparse(full_labels(3, 2)))


# The hold-out
