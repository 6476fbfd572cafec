from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsml_mm.datasets.table.merge import merge_rows
from wsml_mm.labels.sparse import SparseLabels

MATRICES = st.tuples(st.integers(1, 8), st.integers(1, 4)).flatmap(
    lambda shape: st.tuples(
        arrays(np.int8, shape, elements=st.sampled_from([1, 0, -1])),
        arrays(np.int64, shape[0], elements=st.integers(0, 3)),
    )
)


@given(MATRICES)
def test_against_loops(case):
    matrix, image = case
    first = np.array([int(np.flatnonzero(image == i)[0]) for i in image])
    merged, contradictions = merge_rows(SparseLabels.from_dense(matrix), first)

    expected, clashes = [], set()
    for start in np.flatnonzero(first == np.arange(len(first))):
        row = []
        for label in range(matrix.shape[1]):
            said = set(matrix[first == start, label].tolist()) - {-1}
            row.append(said.pop() if len(said) == 1 else -1)
            clashes |= {(int(start), label)} if said and row[-1] == -1 else set()
        expected.append(row)
    assert [merged.row(i).tolist() for i in range(len(merged))] == expected
    assert {(int(first[c.row]), c.label) for c in contradictions} == clashes
    for found in contradictions:
        assert found.row > found.earlier
        assert matrix[found.row, found.label] == 1 - matrix[found.earlier, found.label]
