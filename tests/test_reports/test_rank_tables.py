"""Ranks and their uncertainty against published constants, formulas written out and properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.experiments.results import METRIC, RunResult
from wsml_mm.reports.plots import save_figure
from wsml_mm.reports.ranks import ScoreTable, rank_rows
from wsml_mm.reports.ranks_figure import alike, draw_ranks


def result(method, protocol, seed, score):
    scores = {name: {METRIC: score} for name in ('best', 'last')}
    return RunResult(
        method=method, key=method, data='d', protocol=protocol, seed=seed, best_epoch=1,
        seconds=1.0, scores=scores, validation=[score],
    )  # fmt: skip


def table_of(scores, seeds=1):
    """Returns the table of (N, M) scores: N / seeds protocols."""
    scores = np.asarray(scores, dtype=np.float64)
    blocks = tuple((f'p{row // seeds}', row % seeds) for row in range(len(scores)))
    return ScoreTable(tuple('abcdefghij'[: scores.shape[1]]), blocks, scores)


def test_methods_that_lack_a_block_are_left_out():
    results = [result(m, p, 1, 50) for m in 'ab' for p in 'xy'] + [result('c', 'x', 1, 60)]
    table = ScoreTable.of(results, 'best')
    assert table.methods == ('a', 'b')
    assert table.blocks == (('x', 1), ('y', 1))
    assert ScoreTable.of(results, 'best_observed').methods == ()


# Critical values of the two-tailed Nemenyi test at 0.05: Demšar 2006, Table 5(a).
@pytest.mark.parametrize(
    ('count', 'critical'), [(2, 1.960), (3, 2.343), (4, 2.569), (5, 2.728), (10, 3.164)]
)
def test_critical_difference_is_demsars(count, critical):
    table = table_of(np.zeros((14, count)))
    due = critical * (count * (count + 1) / (6 * 14)) ** 0.5
    assert table.critical_difference() == pytest.approx(due, rel=5e-4)


def test_ranks_share_ties_and_friedman_sees_an_order():
    table = table_of([[3, 2, 1], [3, 2, 2], [9, 8, 1]])
    np.testing.assert_allclose(table.ranks(), [1, (2 + 2.5 + 2) / 3, (3 + 2.5 + 3) / 3])
    assert table_of([[3, 2, 1]] * 10).friedman() < 1e-3
    assert np.isnan(table_of([[1, 2]] * 5).friedman())
    assert np.isnan(table_of([[1, 2, 3]]).friedman())


def test_protocols_weigh_alike_whatever_their_seeds():
    blocks = (('x', 1), ('x', 2), ('x', 3), ('y', 1))
    table = ScoreTable(('a', 'b'), blocks, np.array([[1.0, 0], [2, 0], [3, 0], [10, 0]]))
    np.testing.assert_allclose(table.means(), [6, 0])
    mean, low, high = table.difference('a', 'b')
    assert mean == pytest.approx(6)
    assert np.isnan(low)  # one seed of y says nothing of its spread
    assert np.isnan(high)


@given(st.lists(st.floats(-5, 5), min_size=2, max_size=6))
def test_interval_holds_the_mean_and_shrinks_to_it(gaps):
    scores = np.stack([np.array(gaps), np.zeros(len(gaps))], axis=1)
    mean, low, high = table_of(scores, seeds=len(gaps)).difference('a', 'b')
    assert low - 1e-9 <= mean <= high + 1e-9
    assert min(gaps) - 1e-9 <= low
    assert high <= max(gaps) + 1e-9
    same = table_of(np.stack([np.full(4, 2.0), np.zeros(4)], axis=1), seeds=4)
    assert same.difference('a', 'b') == (2.0, 2.0, 2.0)


def test_interval_of_two_seeds_is_their_range():
    """Of two values a draw is one, the other or both: a quarter each, so 2.5 % are the ends."""
    table = table_of([[1, 0], [3, 0]], seeds=2)
    assert table.difference('a', 'b') == pytest.approx((2, 1, 3))


def test_rows_compare_with_baseline_and_with_the_best_other():
    rows = rank_rows(table_of([[1, 5, 3], [2, 6, 3]], seeds=2), 'a')
    assert [row['method'] for row in rows] == ['b', 'c', 'a']
    assert [row['best_other'] for row in rows] == ['c', 'b', 'b']
    assert rows[0]['minus_baseline'] == pytest.approx(4)
    assert rows[0]['minus_best'] == pytest.approx(2.5)
    assert 'minus_baseline' not in rows[2]
    assert all('minus_baseline' not in row for row in rank_rows(table_of([[1, 2]]), 'z'))


@pytest.mark.parametrize(
    ('ranks', 'difference', 'groups'),
    [
        ([1, 2, 3], 0.5, []),
        ([1, 2, 3], 1, [(0, 1), (1, 2)]),
        ([1, 1.5, 3, 3.2], 1, [(0, 1), (2, 3)]),
        ([1, 2, 3], 5, [(0, 2)]),
        ([1, 2], float('nan'), []),
    ],
)
def test_groups_that_do_not_differ(ranks, difference, groups):
    assert alike(ranks, difference) == groups


@pytest.mark.parametrize('count', [2, 5, 10])
def test_figure_names_every_method(tmp_path, count):
    rng = np.random.default_rng(0)
    figure = draw_ranks(table_of(rng.random((6, count)) + np.arange(count)), 'title')
    texts = ' '.join(text.get_text() for text in figure.axes[0].texts)
    assert all(f'{name} (' in texts or f') {name}' in texts for name in 'abcdefghij'[:count])
    save_figure(figure, tmp_path / 'ranks')
    assert (tmp_path / 'ranks.png').stat().st_size > 1000
