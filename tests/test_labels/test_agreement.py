from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from wsml_mm.labels import SparseLabels
from wsml_mm.labels.agreement import first_contradiction, known_share

SHAPES = st.tuples(st.integers(0, 9), st.integers(1, 8))
VALUES = st.sampled_from([1, 0, -1])
RESTS = st.sampled_from([0, -1])
PAIRS = SHAPES.flatmap(lambda shape: st.tuples(*[hnp.arrays(np.int8, shape, elements=VALUES)] * 2))


def sparse(pair, rests) -> list[SparseLabels]:
    return [SparseLabels.from_dense(d, rest) for d, rest in zip(pair, rests, strict=True)]


@given(PAIRS, st.tuples(RESTS, RESTS))
def test_first_contradiction(pair, rests):
    observed, full = pair
    wrong = np.argwhere((observed != -1) & (observed != full)).tolist()
    expected = tuple(wrong[0]) if wrong else None
    assert first_contradiction(*sparse(pair, rests)) == expected


@given(PAIRS, st.tuples(RESTS, RESTS), st.integers(0, 99))
def test_a_single_contradiction_is_found(pair, rests, where):
    full = pair[1]
    observed = np.where(pair[0] == -1, -1, full)  # agrees wherever it is known
    assert first_contradiction(*sparse((observed, full), rests)) is None
    if full.size:
        row, label = divmod(where % full.size, full.shape[1])
        observed[row, label] = 1 if full[row, label] == 0 else 0
        assert first_contradiction(*sparse((observed, full), rests)) == (row, label)


@given(PAIRS, st.tuples(RESTS, RESTS))
def test_known_share(pair, rests):
    full = pair[1]
    observed = np.where(pair[0] == -1, -1, full)
    known = [(d != -1).sum() for d in (observed, full)]
    share = known_share(*sparse((observed, full), rests))
    assert share == (known[0] / known[1] if known[1] else 1)
