from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt
from planted_noise import action_of, known_quality, plant

from wsml_mm.reports.selection_figures import action_labels, draw_classes, draw_quality
from wsml_mm.reports.selection_quality import (
    acting,
    actions_of,
    hidden_positives,
    pooled,
    quality_rows,
    shown_classes,
)
from wsml_mm.reports.styles import Style


@pytest.fixture
def planted(tmp_path):
    methods = ('AN', 'LL-R', 'LL-Ct', 'LL-Cp', 'NEG')
    return [plant(tmp_path / f'{m}{s}', m, s) for m in methods for s in (1, 2)]


def acted(planted):
    """Without AN."""
    return planted[2:]


def known(method, labels):
    return known_quality(labels, action_of(method)[1])


def _known(planted, by_class):
    for run, history in planted:
        for epoch, labels in enumerate(history, 1):
            for c in range(3) if by_class else [None]:
                for action in actions_of([run]):
                    part = [s for s in labels if c in (None, s.label)]
                    yield run, epoch, c, action, part


@pytest.mark.parametrize('by_class', [False, True])
def test_rows_equal_the_planted_choices(planted, by_class):
    rows = quality_rows([run for run, _ in planted], by_class)
    for row, (run, epoch, c, action, labels) in zip(rows, _known(planted, by_class), strict=True):
        assert (row['method'], row['seed'], row['epoch']) == (run.method, run.seed, epoch)
        assert row['action'] == action
        if by_class:
            assert row['class'] == f'class {c}'
        kept, (_, negative) = action.startswith('kept_'), action_of(run.method)
        done = [s for s in labels if (s.kept if kept else s.selected)]
        right = [s for s in done if s.truth == (0 if negative else 1)]
        for key, value in known(run.method, labels).items():
            if kept and key in ('precision', 'recall'):
                continue
            assert row[key] == ('' if np.isnan(value) else pytest.approx(value)), key
        assert row['count'] == row['judged'] == len(done)
        assert row['right'] == len(right)
        if kept:
            share = len(right) / len(done) if done else None
            assert row['precision'] == ('' if share is None else pytest.approx(share))
        still = [s for s in labels if s.observed == -1 and not s.kept]
        assert row['open_count'] == len(still)
        assert row['hidden_positive'] == sum(s.truth for s in still)
        assert row['hidden_negative'] == len(still) - sum(s.truth for s in still)
    assert {(row['method'], row['action']) for row in rows} == {
        ('LL-R', 'ignored'), ('LL-Ct', 'positive'), ('LL-Cp', 'positive'),
        ('LL-Cp', 'kept_positive'), ('NEG', 'negative'),
    }  # fmt: skip


def test_methods_that_do_nothing_are_left_out(planted):
    runs, idle = acting([run for run, _ in planted])
    assert idle == ['AN']
    assert [(r.method, r.seed) for r in runs] == [
        (method, seed) for method in ('LL-R', 'LL-Ct', 'LL-Cp', 'NEG') for seed in (1, 2)
    ]


def _mean(planted, method, key):
    seeds = [history for run, history in planted if run.method == method]
    return 100 * np.mean([[known(method, x)[key] for x in history] for history in seeds], axis=0)


def test_curves_show_the_mean_over_seeds(planted):
    figure = draw_quality([run for run, _ in acted(planted)], 'title')
    for axes, name in zip(figure.axes, ('precision', 'recall'), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        for method in ('LL-R', 'LL-Ct', 'LL-Cp', 'NEG'):
            np.testing.assert_allclose(lines[method], _mean(planted, method, name))
        held = lines['LL-Cp, with earlier corrections']
        np.testing.assert_allclose(held, _mean(planted, 'LL-Cp', f'{name}_in_force'))
        assert 'LL-Ct, with earlier corrections' not in lines
        if name == 'precision':
            chance = np.mean([known_quality(h[0])['chance'] for _, h in acted(planted)])
            np.testing.assert_allclose(lines['chance'], 100 * chance)
            np.testing.assert_allclose(lines['chance of a negative'], 100 * (1 - chance))
    plt.close(figure)


def test_a_method_of_several_actions_has_a_line_for_each(planted):
    """No code knows of the actions: any that are in the files are drawn, named by what they are."""
    (one, _), (other, _) = planted[4], planted[8]
    sums = one.sums | {k: v for k, v in other.sums.items() if k.startswith('negative')}
    sums |= {f'kept_{k}': v for k, v in sums.items() if k.startswith('negative')}
    both = type(one)('both', 1, one.classes, sums)
    assert action_labels([both]) == {
        'negative': 'both: negative', 'positive': 'both: positive',
        'kept_negative': 'both: negative, with earlier corrections',
    }  # fmt: skip
    figure = draw_quality([both], styles={'both': Style('#123456', 'D')})
    lines = {line.get_label(): line for line in figure.axes[1].get_lines()}
    assert lines.keys() == set(action_labels([both]).values())
    assert {line.get_color() for line in lines.values()} == {'#123456'}
    assert {line.get_marker() for line in lines.values()} == {'D'}
    assert len({line.get_linestyle() for line in lines.values()}) == 3
    plt.close(figure)
    figure = draw_classes([both], np.arange(3))
    dots = [bars.get_label() for bars in figure.axes[0].containers]
    assert sorted(dots) == ['both: negative', 'both: positive']
    assert {row['action'] for row in quality_rows([both])} == set(action_labels([both]))
    plt.close(figure)


def test_no_method_is_lost_for_want_of_a_colour(planted):
    run = planted[4][0]
    runs = [type(run)(f'm{i}', 1, run.classes, run.sums) for i in range(20)]
    figure = draw_quality(runs)
    assert [line.get_label() for line in figure.axes[1].get_lines()] == [f'm{i}' for i in range(20)]
    looks = {(line.get_color(), line.get_marker()) for line in figure.axes[1].get_lines()}
    assert len(looks) == 20
    plt.close(figure)


# By class


def test_classes_are_ordered_by_their_hidden_positives(planted):
    runs = [run for run, _ in planted]
    counts = [sum(s.label == c and s.observed == -1 and s.truth for _, h in planted for s in h[0])
              for c in range(3)]  # fmt: skip
    np.testing.assert_allclose(hidden_positives(runs), np.array(counts) / len(planted))
    assert shown_classes(runs).tolist() == sorted(range(3), key=lambda c: -counts[c])
    assert shown_classes(runs, 2).tolist() == sorted(range(3), key=lambda c: -counts[c])[:2]


def test_methods_of_other_classes_are_refused(planted, tmp_path):
    other = plant(tmp_path / 'other', 'LL-R', 1, classes=4)[0]
    with pytest.raises(ValueError, match='different classes'):
        shown_classes([planted[0][0], other])


def test_all_epochs_of_a_class_count_together(planted):
    for run, history in acted(planted):
        found = pooled([run], actions_of([run])[0])
        for c in range(3):
            labels = [s for epoch in history for s in epoch if s.label == c]
            for key, value in known(run.method, labels).items():
                assert found[key][0, c] == pytest.approx(value)


def test_dots_show_the_mean_over_seeds(planted):
    runs = [run for run, _ in acted(planted)]
    shown = shown_classes(runs, 2)
    figure = draw_classes(runs, shown, 'title')
    for axes, name in zip(figure.axes, ('precision', 'recall'), strict=True):
        dots = {bars.get_label(): bars.lines[0] for bars in axes.containers}
        for method in ('LL-R', 'LL-Ct', 'LL-Cp', 'NEG'):
            own = [r for r in runs if r.method == method]
            value = pooled(own, actions_of(own)[0])[f'{name}_in_force']
            np.testing.assert_allclose(dots[method].get_xdata(), 100 * value[:, shown].mean(axis=0))
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    hidden = hidden_positives(runs)
    assert names == [f'class {c} ({hidden[c]:.0f})' for c in shown]
    assert figure.axes[0].get_ylabel().endswith('2 of 3')
    plt.close(figure)


def test_a_class_that_is_never_selected_has_no_dot(planted):
    runs = [run for run, _ in acted(planted)]
    for run in runs:
        for action in run.actions:
            for key in ('count', 'judged', 'right'):
                run.sums[f'{action}_{key}'][:, 1] = 0
    figure = draw_classes(runs, np.arange(3))
    for bars in figure.axes[0].containers:
        assert np.isnan(bars.lines[0].get_xdata()).tolist() == [False, True, False]
    plt.close(figure)
