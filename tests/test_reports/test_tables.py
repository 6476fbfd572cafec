from __future__ import annotations

import csv

import numpy as np
import pytest
from scipy import stats

from wsml_mm.reports.tables import (
    markdown_table,
    paired_interval,
    plus_minus,
    spread_over_seeds,
    write_csv,
)


def test_interval_is_that_of_a_paired_t_test():
    ours, theirs = np.array([53.0, 56.0, 56.0]), np.array([50.0, 54.0, 52.0])
    for level in (0.95, 0.5):
        expected = stats.ttest_rel(ours, theirs).confidence_interval(level)
        mean, half = paired_interval(ours - theirs, level)
        assert (mean - half, mean + half) == pytest.approx((expected.low, expected.high))


def test_one_seed_has_no_spread():
    assert np.isnan(spread_over_seeds(np.array([3.0])))
    mean, half = paired_interval(np.array([3.0]))
    assert mean == 3
    assert np.isnan(half)
    assert plus_minus(3, half, signed=True) == '+3.0'
    assert plus_minus(50.04, 1.26) == '50.0 ± 1.3'


def test_markdown():
    assert markdown_table(['a', 'b'], [['1', ''], ['2', 'x']]) == [
        '| a | b |', '|---|---|', '| 1 |  |', '| 2 | x |',
    ]  # fmt: skip


def test_columns_are_the_keys_in_the_order_they_appear(tmp_path):
    write_csv(tmp_path / 't.csv', [{'b': 1, 'a': 'x,y'}, {'c': 2, 'b': 3}])
    with (tmp_path / 't.csv').open(newline='') as file:
        assert list(csv.reader(file)) == [['b', 'a', 'c'], ['1', 'x,y', ''], ['3', '', '2']]


def test_a_bar_in_a_name_makes_no_column():
    lines = markdown_table(['method', 'mAP'], [['a|b', '1.0']])
    assert lines == ['| method | mAP |', '|---|---|', '| a\\|b | 1.0 |']
