"""Tables against numbers worked out by hand."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pytest
from scipy import stats

from wsml_mm.experiments.results import RunResult
from wsml_mm.reports.comparison import draw_curves, summarise, write_tables
from wsml_mm.reports.tables import paired_interval

METRIC = 'multi-label/mAP'


def result(method, seed, best, last, epoch=3):
    def test(value):
        return {METRIC: value, 'multi-label/AP/cat': value + 1, 'multi-label/AP/dog': value - 1}

    return RunResult(
        method=method,
        key=method.lower(),
        data='VOC2012',
        protocol='linear',
        seed=seed,
        best_epoch=epoch,
        seconds=1.5,
        scores={'best': test(best), 'last': test(last)},
        validation=[best - 5, best, last],
    )


@pytest.fixture
def results():
    an = [result('AN', s, b, x) for s, b, x in ((1, 50, 40), (2, 54, 43), (3, 52, 43))]
    ll = [result('LL-R', s, b, x) for s, b, x in ((1, 53, 50), (2, 56, 55), (3, 56, 51))]
    return an + ll


def test_mean_spread_and_paired_difference(results):
    an, ll = summarise(results, 'AN')
    assert an['best_mean'] == 52
    assert an['best_std'] == 2
    assert 'best_difference' not in an
    assert ll['seeds'] == 3
    assert ll['best_difference'] == 3  # of 3, 2, 4
    expected = stats.ttest_rel([53, 56, 56], [50, 54, 52]).confidence_interval(0.95)
    assert ll['best_interval'] == pytest.approx((expected.high - expected.low) / 2)
    assert ll['last_difference'] == 10  # of 10, 12, 8


def test_pairs_are_matched_by_seed_not_by_order(results):
    shuffled = [results[i] for i in (2, 5, 0, 3, 1, 4)]
    assert summarise(shuffled, 'AN')[1]['best_interval'] == pytest.approx(
        summarise(results, 'AN')[1]['best_interval']
    )


def test_one_seed_has_no_spread(results):
    rows = summarise([results[0], results[3]], 'AN')
    assert np.isnan(rows[0]['best_std'])
    assert rows[1]['best_difference'] == 3
    assert np.isnan(paired_interval(np.array([3.0]))[1])


def test_files(results, tmp_path):
    summary = write_tables(results, tmp_path, 'AN', 'python tools/compare.py x')
    assert '| LL-R | 55.0 ± 1.7 | +3.0 ± 2.5 | 52.0 ± 2.6 | +10.0 ± 5.0 |' in summary
    page = (tmp_path / 'table.md').read_text()
    assert '| cat | 53.0 | 56.0 |' in page  # best epoch
    assert '| dog | 41.0 | 51.0 |' in page  # last epoch
    assert '`python tools/compare.py x`' in page
    with (tmp_path / 'runs.csv').open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert rows[3]['best AP/cat'] == '54'
    assert rows[3]['last mAP'] == '50'
    with (tmp_path / 'results.csv').open() as file:
        tidy = list(csv.DictReader(file))
    assert len(tidy) == 6 * 2 * 3  # runs, checkpoints, metrics
    assert tidy[-3] == dict(
        method='LL-R', data='VOC2012', protocol='linear', seed='3', checkpoint='last',
        metric=METRIC, value='51',
    )  # fmt: skip
    with (tmp_path / 'table.csv').open() as file:
        assert next(iter(csv.DictReader(file)))['best_mean'] == '52.0'


def test_figure(results, tmp_path):
    short = results[0].validation[:2]
    results[0] = dataclasses.replace(results[0], validation=short)  # a run that stopped early
    draw_curves(results, tmp_path / 'curve', 'title')
    assert (tmp_path / 'curve.png').read_bytes()[:4] == b'\x89PNG'
    text = (tmp_path / 'curve.svg').read_text()
    assert '<svg' in text
