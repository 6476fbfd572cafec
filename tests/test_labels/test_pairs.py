from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.labels import indptr_of

COUNTS = st.lists(st.integers(0, 9), max_size=9)


@given(COUNTS, st.sampled_from([np.int64, np.int32, np.uint8, list]))
def test_rows_stand_one_behind_the_other(lengths, kind):
    indptr = indptr_of(lengths if kind is list else np.array(lengths, kind))
    assert indptr.dtype == np.int64
    assert indptr.tolist() == [sum(lengths[:row]) for row in range(len(lengths) + 1)]


@given(st.lists(st.booleans(), max_size=9))
def test_flags_are_counted(flags):
    indptr = indptr_of(np.array(flags, bool))
    assert indptr.dtype == np.int64
    assert indptr.tolist() == [sum(flags[:row]) for row in range(len(flags) + 1)]


def test_no_overflow_of_narrow_lengths():
    assert indptr_of(np.full(300, 255, np.uint8))[-1] == 76500
    assert indptr_of(np.full(3, 2**30, np.int32))[-1] == 3 * 2**30
