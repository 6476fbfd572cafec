"""Measured beside published: made-up results of a protocol of the field."""

from __future__ import annotations

import pytest

from wsml_mm.experiments.results import METRIC, RunResult
from wsml_mm.reports.comparison import write_tables
from wsml_mm.reports.published import published_markdown, published_rows


def result(key, seed, score, protocol='voc2012/resnet50_e2e', **more):
    scores = {'best': {METRIC: score, **more}, 'last': {METRIC: score - 1}}
    return RunResult(
        method=key.upper(), key=key, data=protocol.partition('/')[0], protocol=protocol, seed=seed,
        best_epoch=1, seconds=1.0, scores=scores, validation=[score],
    )  # fmt: skip


RESULTS = [result('an', 1, 85.0), result('an', 2, 86.0), result('ll-r', 1, 90.0)]


def test_rows():
    rows = published_rows(RESULTS)
    first = rows[0]
    assert (first['measured'], first['published'], first['inside']) == (85.5, 85.1, 1)
    assert first['seeds'] == 2
    assert [row['published'] for row in rows] == [85.1, 85.89, 85.55, 89.2, 88.27, 87.78, None]
    assert [row['inside'] for row in rows] == [1, 1, 1, 0, 0, 0, 0]
    assert rows[-1]['method'] == 'LL-R minus AN'
    assert rows[-1]['measured'] == pytest.approx(5)


def test_groups_only_where_they_were_measured():
    protocol = 'openimages-v3/resnet101_e2e'
    assert len(published_rows([result('an', 1, 82.0, protocol)])) == 1
    more = {f'{METRIC}/G{number}': 80.0 for number in range(1, 6)}
    rows = published_rows([result('an', 1, 82.0, protocol, **more)])
    assert [row['group'] for row in rows] == ['', 'G1', 'G2', 'G3', 'G4', 'G5']
    assert not any('inside' in row for row in rows)


def test_markdown_and_files(tmp_path):
    text = published_markdown(RESULTS)
    assert '| AN | 85.5 ± 0.7 | 85.55 ± 0.29 | 85 to 86 | yes | Liu et al. (CRISP' in text
    assert '| LL-R | 90.0 | 89.2 | 87.7 to 89.3 | **no** |' in text
    assert published_markdown([result('an', 1, 50.0, 'voc5/lite0_linear')]) == ''
    assert 'Beside published numbers' in write_tables(RESULTS, tmp_path, 'AN', 'command')
    assert (tmp_path / 'published.csv').is_file()
