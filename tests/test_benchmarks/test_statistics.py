from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from wsml_mm.benchmarks.statistics import split_statistics
from wsml_mm.labels import SparseLabels

NAMES = tuple('abcd')


@given(
    st.integers(0, 12).flatmap(lambda n: arrays(np.int8, (n, 4), elements=st.integers(-1, 1))),
    st.sampled_from([0, -1]),
)
@settings(max_examples=60)
def test_counts_are_those_of_the_matrix(matrix, rest):
    found = split_statistics(SparseLabels.from_dense(matrix, rest), NAMES)
    count, positive = max(len(matrix), 1), matrix == 1
    assert (found['images'], found['classes']) == (len(matrix), 4)
    assert found['no label'] == (~positive.any(1)).sum()
    assert found['positives an image'] == pytest.approx(positive.sum() / count)
    assert found['negatives an image'] == pytest.approx((matrix == 0).sum() / count)
    by_class = positive.sum(0)
    assert found['least positives a class'] == by_class.min()
    assert found['median positives a class'] == np.median(by_class)
    assert found['most positives a class'] == by_class.max()
    assert by_class[NAMES.index(found['most frequent class'])] == by_class.max()
    assert 'held out' not in found


@pytest.mark.parametrize(
    ('count', 'train', 'val'),
    [(5717, 4574, 1143), (82081, 65665, 16416), (150000, 120000, 30000), (5994, 4795, 1199)],
)
def test_parts_of_the_published_split(count, train, val):
    labels = SparseLabels.from_pairs([], [], [], (count, 4))
    found = split_statistics(labels, NAMES, holdout=True)
    assert (found['training part'], found['held out']) == (train, val)
