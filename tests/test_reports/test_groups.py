"""Group means against numbers worked out by hand, and the whole command on a tiny devkit."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from helpers import CLASSES, read_devkit, tiny_config, write_devkit
from scipy import stats

from wsml_mm.cli import groups as command
from wsml_mm.experiments.results import RunResult, read_result
from wsml_mm.reports.groups import group_markdown, group_rows, group_scores
from wsml_mm.reports.groups_figure import draw_groups

NAN = float('nan')
GROUPS = {'G1': ['bee', 'dog'], 'G2': ['ant', 'cat'], 'all': ['ant', 'bee', 'cat', 'dog']}


def result(method, seed, *scores, last=None):
    def test(values):
        names = ('ant', 'bee', 'cat', 'dog')
        return {f'multi-label/AP/{n}': v for n, v in zip(names, values, strict=True)}

    tests = {'best': test(scores), 'last': test(last or scores)}
    return RunResult(method, method.lower(), 'VOC2012', 'linear', seed, 1, 1.0, tests, [])


def test_means_leave_out_classes_without_annotation():
    run = result('AN', 1, 40, NAN, 60, 20, last=(1, NAN, 3, NAN))
    assert group_scores(run, GROUPS, 'best') == {'G1': 20, 'G2': 50, 'all': 40}
    last = group_scores(run, GROUPS, 'last')
    assert math.isnan(last['G1'])
    assert (last['G2'], last['all']) == (2, 2)


def test_a_baseline_alone_has_no_panel_of_differences():
    rows = group_rows([result('AN', 1, 40, 10, 60, 20)], GROUPS, 'AN')
    (panel,) = draw_groups(rows, {name: name for name in GROUPS}, 'AN').axes
    assert [bar.get_height() for bar in panel.patches] == [15, 50, 32.5]
    assert [tick.get_text() for tick in panel.get_xticklabels()] == list(GROUPS)


def test_spread_and_paired_difference():
    an = [result('AN', s, 40, x, 60, x) for s, x in ((1, 10), (2, 20), (3, 30))]
    ll = [result('LL-R', s, 50, x, 60, x) for s, x in ((3, 34), (1, 12), (2, 26))]  # another order
    rows = {
        (r['method'], r['checkpoint'], r['group']): r for r in group_rows(an + ll, GROUPS, 'AN')
    }
    assert len(rows) == 12
    assert rows['AN', 'best', 'G1']['mean'] == 20
    assert rows['AN', 'best', 'G1']['std'] == 10
    assert rows['AN', 'last', 'G2']['mean'] == 50
    assert 'difference' not in rows['AN', 'best', 'G1']
    assert rows['LL-R', 'best', 'G1']['difference'] == 4  # of 2, 6, 4
    expected = stats.ttest_rel([12, 26, 34], [10, 20, 30]).confidence_interval(0.95)
    assert rows['LL-R', 'best', 'G1']['interval'] == pytest.approx(
        (expected.high - expected.low) / 2
    )
    assert rows['LL-R', 'best', 'G2']['difference'] == 5
    assert '| LL-R | 24.0 ± 11.1 | 55.0 ± 0.0 |' in group_markdown(list(rows.values()), GROUPS)


def test_figure_shows_the_numbers():
    an = [result('AN', s, 40, x, 60, x) for s, x in ((1, 10), (2, 20), (3, 30))]
    ll = [result('LL-R', s, 50, x, 60, x) for s, x in ((1, 12), (2, 26), (3, 34))]
    labels = dict(zip(GROUPS, ('rare', 'frequent', 'all'), strict=True))
    figure = draw_groups(group_rows(an + ll, GROUPS, 'AN'), labels, 'AN')
    above, below = figure.axes
    assert [b.get_height() for b in above.patches] == pytest.approx([20, 50, 35, 24, 55, 39.5])
    assert [b.get_height() for b in below.patches] == pytest.approx([4, 5, 4.5])
    assert above.patches[0].get_x() < above.patches[3].get_x() < above.patches[1].get_x()
    assert [t.get_text() for t in below.get_xticklabels()] == ['rare', 'frequent', 'all']


def test_a_failed_run_leaves_its_pair_out():
    an = [result('AN', s, 40, x, 60, x) for s, x in ((1, 10), (2, 20))]
    ll = [result('LL-R', 2, 50, 26, 60, 26)]
    rows = {
        (r['method'], r['checkpoint'], r['group']): r for r in group_rows(an + ll, GROUPS, 'AN')
    }
    assert rows['LL-R', 'best', 'G1']['difference'] == 6
    alone = group_rows(ll, GROUPS, 'AN')
    assert all('difference' not in row for row in alone)
    draw_groups(alone, dict.fromkeys(GROUPS, 'x'), 'AN')


def test_missing_class_names_the_fix():
    run = result('AN', 7, 1, 2, 3, 4)
    with pytest.raises(ValueError, match=r"AN 7: the result has no AP of 'elk'.*classwise=True"):
        group_scores(run, {'all': ['elk']}, 'best')


@pytest.fixture
def configs(tmp_path):
    devkit = write_devkit(tmp_path / 'devkit')
    paths = []
    for name, loss in (('an', 'AN'), ('ll-r', 'LL-R')):
        cfg = tiny_config(devkit, tmp_path / 'unused', loss, epochs=2)
        cfg.pop('work_dir')
        cfg.test_evaluator = dict(type='MeanAveragePrecision', classwise=True)
        paths.append(str(tmp_path / f'{name}_tiny.py'))
        cfg.dump(paths[-1])
    return paths


def test_command(configs, tmp_path, capsys, monkeypatch):
    out = tmp_path / 'out'
    arguments = [*configs, '--seeds', '1', '2', '--work-dir', str(out), '--groups', '2']
    command.main(arguments)
    assert '| method | G1 | G2 | all |' in capsys.readouterr().out
    assert {f'groups{s}' for s in ('.png', '.svg', '.csv', '.md', '.command.txt')} <= {
        p.name for p in out.iterdir()
    }
    # The counts are those of the whole official split, hold-out included.
    positives = dict(zip(CLASSES, sum(read_devkit(tmp_path / 'devkit').values()), strict=True))
    with (out / 'groups_classes.csv').open() as file:
        classes = list(csv.DictReader(file))
    assert {row['class']: int(row['positive']) for row in classes} == positives
    assert {row['annotated'] for row in classes} == {'24'}
    assert [row['group'] for row in classes] == ['G1'] * 3 + ['G2'] * 2
    assert [int(row['positive']) for row in classes] == sorted(positives.values())
    # Group means are those of the class APs of the runs.
    with (out / 'groups.csv').open() as file:
        rows = {(r['method'], r['checkpoint'], r['group']): r for r in csv.DictReader(file)}
    for method, folder in (('AN', 'an'), ('LL-R', 'll-r')):
        runs = [read_result(out / f'{folder}_{s}/result.json') for s in (1, 2)]
        for checkpoint in ('best', 'last'):
            tests = [run.scores[checkpoint] for run in runs]
            for group in ('G1', 'G2'):
                members = [row['class'] for row in classes if row['group'] == group]
                means = [np.mean([t[f'multi-label/AP/{m}'] for m in members]) for t in tests]
                assert float(rows[method, checkpoint, group]['mean']) == pytest.approx(
                    np.mean(means)
                )
            whole = [t['multi-label/mAP'] for t in tests]
            assert float(rows[method, checkpoint, 'all']['mean']) == pytest.approx(np.mean(whole))
            assert float(rows[method, checkpoint, 'all']['std']) == pytest.approx(
                np.std(whole, ddof=1)
            )
    # The runs are there: other groups need no training.
    monkeypatch.setattr('wsml_mm.experiments.runs.train', None)
    command.main([*arguments[:-1], '5', '--checkpoint', 'last'])
    assert '| method | G1 | G2 | G3 | G4 | G5 | all |' in capsys.readouterr().out


def test_refusals(configs, tmp_path):
    work = ['--work-dir', str(tmp_path / 'out')]
    with pytest.raises(SystemExit, match='all labels are annotated; use --count positive'):
        command.main([*configs, *work, '--count', 'annotated'])
    with pytest.raises(ValueError, match='6 groups of 5 classes'):
        command.main([*configs, *work, '--groups', '6'])
    options = ['--cfg-options', 'test_evaluator.classwise=False']
    with pytest.raises(ValueError, match='the test reports no class'):
        command.main([*configs, *work, *options])
    assert not list((tmp_path / 'out').glob('*/last_checkpoint'))
