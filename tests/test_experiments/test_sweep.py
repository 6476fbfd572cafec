"""What a sweep plans, and the tables and figures of made-up results."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import tiny_config, write_devkit

from wsml_mm.cli.sweep import parse_args, setting_of
from wsml_mm.experiments.entries import Entry, read_entries, seeded_config
from wsml_mm.experiments.results import RunResult
from wsml_mm.experiments.sweep import plan_sweep
from wsml_mm.experiments.training import first_stage_of
from wsml_mm.reports.sweep import (
    draw_sweep,
    positions,
    run_rows,
    sweep_markdown,
    sweep_rows,
)

METRIC = 'multi-label/mAP'
LOSS = 'model.head.loss.delta_rel'


@pytest.fixture(scope='module')
def methods(tmp_path_factory):
    """AN, LL-R with its delta_rel left at the default, and LL-Cp."""
    root = tmp_path_factory.mktemp('sweep')
    devkit = write_devkit(root / 'devkit')
    losses = {'an': 'AN', 'll-r': dict(type='LargeLossReject'), 'll-cp': 'LL-Cp'}
    paths = []
    for name, loss in losses.items():
        cfg = tiny_config(devkit, root / 'unused', loss)
        cfg.pop('work_dir')
        paths.append(str(root / f'{name}_tiny.py'))
        cfg.dump(paths[-1])
    return read_entries(paths)


def setting(*options):
    return setting_of(parse_args(['x.py', '--work-dir', 'w', *options]))


def names(plan):
    return [m.name for m in plan.methods]


def test_methods_without_the_setting_are_planned_once(methods):
    plans = plan_sweep(methods, setting('--delta-rel', '0.5', '2'), {'train_cfg.max_epochs': 7})
    assert [(p.value, p.folder, names(p)) for p in plans] == [
        ('', 'reference', ['AN']),
        ('0.5', 'delta_rel_0.5', ['LL-R', 'LL-Cp']),
        ('2.0', 'delta_rel_2.0', ['LL-R', 'LL-Cp']),
    ]
    assert plans[0].options == {'train_cfg.max_epochs': 7}
    assert plans[1].options == {'train_cfg.max_epochs': 7, LOSS: 0.5}
    cfg = seeded_config(plans[1].methods[0], 1, plans[1].options)
    assert (cfg.model.head.loss.type, cfg.model.head.loss.delta_rel) == ('LargeLossReject', 0.5)


def test_every_method_varies_with_the_share_of_images(methods):
    plans = plan_sweep(methods, setting('--train-fraction', '0.25', '1'))
    assert [(p.folder, names(p)) for p in plans] == [
        ('train_fraction_0.25', ['AN', 'LL-R', 'LL-Cp']),
        ('train_fraction_1.0', ['AN', 'LL-R', 'LL-Cp']),
    ]
    cfg = seeded_config(methods[0], 1, plans[0].options)
    assert cfg.train_dataloader.dataset.subsample == dict(fraction=0.25, seed=999)
    assert 'subsample' not in cfg.val_dataloader.dataset


@pytest.mark.parametrize(
    ('options', 'values', 'references'),
    [
        (['optim_wrapper.optimizer.lr', '1e-3', '0.1'], [0.001, 0.1], []),
        (['optim_wrapper.optimizer.nesterov', 'true', 'false'], [True, False], []),
        (['model.head.loss.percent_of', 'all', 'unobserved'], ['all', 'unobserved'], ['AN']),
        (['model.head.loss.max_fraction', 'None', '0.1'], [None, 0.1], ['AN', 'LL-R']),
        (['param_scheduler.milestones', '[1,2]', '[3,4]'], [[1, 2], [3, 4]], []),
    ],
)
def test_any_key_with_values_as_cfg_options_reads_them(methods, options, values, references):
    chosen = setting('--set', *options)
    assert chosen.values == values
    plans = plan_sweep(methods, chosen)
    assert [m for p in plans if p.folder == 'reference' for m in names(p)] == references
    varied = [p for p in plans if p.folder != 'reference']
    assert [p.options[options[0]] for p in varied] == values
    assert len({p.folder for p in varied}) == 2
    assert all(set(p.folder) <= set('abcdefghijklmnopqrstuvwxyzNTF._-0123456789') for p in varied)


def test_the_loss_may_stand_anywhere(methods, tmp_path):
    path = tmp_path / 'two.py'
    loss = "dict(type='LargeLossCorrectTemp', delta_rel=1)"
    head = f"dict(_delete_=True, type='MultiTaskHead', task_heads=[dict(loss={loss})])"
    path.write_text(f'_base_ = {methods[1].config!r}\nmodel = dict(head={head})\n')
    two = Entry('two', str(path))
    plans = plan_sweep([methods[1], two], setting('--delta-rel', '3'))
    # The same value under another key: the same folder, another call.
    assert [(p.folder, names(p)) for p in plans] == [
        ('delta_rel_3.0', ['LL-R']),
        ('delta_rel_3.0', ['two']),
    ]
    cfg = seeded_config(two, 1, plans[1].options)
    assert cfg.model.head.task_heads[0].loss.delta_rel == 3


def test_linear_init_varies_in_both_stages():
    own = {'linear_init.cfg_options': {'train_cfg.max_epochs': 2}}
    plans = plan_sweep(
        read_entries(['voc2012/resnet50_linear-init.py'], ['ll-ct']),
        setting('--delta-rel', '0.4'),
        own,
    )
    cfg = seeded_config(plans[0].methods[0], 1, plans[0].options)
    cfg.work_dir = 'unused'
    assert cfg.model.head.loss.delta_rel == 0.4
    first = first_stage_of(cfg, cfg.linear_init)
    assert first.model.head.loss.delta_rel == 0.4
    assert first.train_cfg.max_epochs == 2


def test_refusals(methods, capsys):
    with pytest.raises(ValueError, match='names a value twice'):
        plan_sweep(methods, setting('--delta-rel', '0.1', '0.10'))
    with pytest.raises(ValueError, match=r"delta_rel: none of the configs \['AN'\] has it"):
        plan_sweep(methods[:1], setting('--delta-rel', '0.1'))
    with pytest.raises(ValueError, match=r'model\.tail\.x: none of the configs'):
        plan_sweep(methods, setting('--set', 'model.tail.x', '1'))
    for values in (['a/b', 'a-b'], ['Adam', 'adam']):
        with pytest.raises(ValueError, match=f"would keep '{values[0]}' and '{values[1]}' in one"):
            plan_sweep(methods, setting('--set', 'randomness.x', *values))
    for key in ('../../x', '/x', 'a\x1bb'):
        with pytest.raises(ValueError, match=r'setting .*; rename'):
            plan_sweep(methods, setting('--set', key, '1'))
    for options in ([], ['--set', 'key'], ['--delta-rel', '1', '--train-fraction', '1']):
        with pytest.raises(SystemExit):
            setting(*options)
    assert '--set KEY V1 V2' in capsys.readouterr().err


def result(method, seed, best, last):
    tests = {'best': {METRIC: best}, 'last': {METRIC: last}}
    return RunResult(method, method.lower(), 'VOC2012', 'linear', seed, 3, 1.5, tests, [])


@pytest.fixture
def points():
    return {
        '': [result('AN', s, 50 + s, 40) for s in (1, 2, 3)],
        '0.5': [result('LL-R', s, 52 + 2 * s, 48 - s) for s in (1, 2, 3)],
        '0.1': [result('LL-R', s, 51 + s, 41) for s in (1, 2, 3)],
    }


def test_rows_are_worked_out_by_hand(points):
    an, half, tenth = sweep_rows(points, 'delta_rel', 'AN')
    assert list(an)[:3] == ['method', 'delta_rel', 'seeds']
    assert (an['delta_rel'], an['best_mean'], an['best_std']) == ('', 52, 1)
    assert 'best_difference' not in an
    assert (half['delta_rel'], half['best_mean'], half['best_std']) == ('0.5', 56, 2)
    assert half['best_difference'] == 4  # of 3, 4, 5
    assert half['last_difference'] == 6  # of 7, 6, 5
    assert (tenth['best_difference'], tenth['best_interval']) == (1, 0)


def test_a_baseline_that_varies_is_taken_at_the_same_value(points):
    points = {value: [*runs, *points['']] for value, runs in points.items() if value}
    points['0.1'][3:] = [result('AN', s, 20, 20) for s in (1, 2, 3)]
    rows = {(r['method'], r['x']): r for r in sweep_rows(points, 'x', 'AN')}
    assert len(rows) == 4
    assert rows['LL-R', '0.5']['best_difference'] == 4
    assert rows['LL-R', '0.1']['best_difference'] == 33


def test_tables(points):
    text = sweep_markdown(sweep_rows(points, 'delta_rel', 'AN'), 'delta_rel', ['AN', 'LL-R'])
    assert 'Test mAP by delta_rel, last epoch:\n\n| method | without | 0.5 | 0.1 |' in text
    assert '| AN | 52.0 ± 1.0 |  |  |' in text
    assert '| LL-R |  | 56.0 ± 2.0 | 53.0 ± 1.0 |' in text
    assert '| LL-R |  | 46.0 ± 1.0 | 41.0 ± 0.0 |' in text
    assert 'the same scores' not in text
    rows = run_rows(points, 'delta_rel')
    assert len(rows) == 9
    assert rows[4] == dict(
        method='LL-R', delta_rel='0.5', seed=2, best_epoch=3, best_mAP=56, last_mAP=46, seconds=1.5
    )


def test_a_setting_without_effect_is_told(points):
    points['0.1'] = points['0.5']
    text = sweep_markdown(sweep_rows(points, 'delta_rel', 'AN'), 'delta_rel', ['AN', 'LL-R'])
    assert text.count('the same scores at every value') == 1
    assert 'LL-R: the same scores at every value.' in text


@pytest.mark.parametrize(
    ('values', 'expected'),
    [
        (['0.1', '0.5'], ([0.1, 0.5], 'linear')),
        (['1e-4', '0.01'], ([1e-4, 0.01], 'log')),
        (['0', '100'], ([0, 100], 'linear')),
        (['all', '2'], ([0, 1], 'category')),
        (['None', '0.1'], ([0, 1], 'category')),
    ],
)
def test_positions(values, expected):
    assert positions(values) == expected


def test_seeds_that_failed_at_a_value_have_no_line(points):
    del points['0.1'][0]  # seed 1
    figure = draw_sweep(points, 'x', ['AN', 'LL-R'])
    np.testing.assert_allclose(figure.axes[0].lines[1].get_ydata(), [53.5, 57])
    points['0.1'] = []
    draw_sweep(points, 'x', ['AN', 'LL-R'])


def test_figure_shows_the_numbers(points):
    figure = draw_sweep(points, 'Δrel', ['AN', 'LL-R'], 'title')
    best, last = figure.axes
    lines = {line.get_label(): line for line in best.lines}
    assert lines['AN'].get_linestyle() == '--'
    np.testing.assert_allclose(lines['AN'].get_xydata(), [[0.1, 52], [0.5, 52]])
    np.testing.assert_allclose(lines['LL-R'].get_xydata(), [[0.1, 53], [0.5, 56]])  # in order
    np.testing.assert_allclose(last.lines[1].get_ydata(), [41, 46])
    band = best.collections[1].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (52, 58)
    assert [t.get_text() for t in best.get_xticklabels()] == ['0.5', '0.1']
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ['AN', 'LL-R']
