from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt
from planted_noise import known_quality, plant

from wsml_mm.reports.class_quality import (
    draw_classes,
    hidden_positives,
    pooled,
    shown_classes,
)
from wsml_mm.reports.selection_quality import draw_quality, quality_rows, selecting


@pytest.fixture
def planted(tmp_path):
    methods = ('AN', 'LL-Ct', 'LL-Cp')
    return [plant(tmp_path / f'{m}{s}', m, s) for m in methods for s in (1, 2)]


def _known(planted, by_class):
    for run, history in planted:
        for epoch, labels in enumerate(history, 1):
            for c in range(3) if by_class else [None]:
                yield run, epoch, c, [s for s in labels if c in (None, s.label)]


@pytest.mark.parametrize('by_class', [False, True])
def test_rows_equal_the_planted_choices(planted, by_class):
    rows = quality_rows([run for run, _ in planted], by_class)
    for row, (run, epoch, c, labels) in zip(rows, _known(planted, by_class), strict=True):
        assert (row['method'], row['seed'], row['epoch']) == (run.method, run.seed, epoch)
        if by_class:
            assert row['class'] == f'class {c}'
        for key, value in known_quality(labels).items():
            assert row[key] == ('' if np.isnan(value) else pytest.approx(value)), key
        assert row['selected'] == row['judged'] == sum(s.selected for s in labels)
        assert row['kept'] == sum(s.kept for s in labels)
    assert any(row['kept'] for row in rows)


def test_methods_that_select_nothing_are_left_out(planted):
    runs, idle = selecting([run for run, _ in planted])
    assert idle == ['AN']
    assert [(r.method, r.seed) for r in runs] == [
        ('LL-Ct', 1), ('LL-Ct', 2), ('LL-Cp', 1), ('LL-Cp', 2),
    ]  # fmt: skip


def _mean(planted, method, key):
    seeds = [history for run, history in planted if run.method == method]
    return 100 * np.mean([[known_quality(x)[key] for x in history] for history in seeds], axis=0)


def test_curves_show_the_mean_over_seeds(planted):
    figure = draw_quality([run for run, _ in planted[2:]], 'title')
    for axes, name in zip(figure.axes, ('precision', 'recall'), strict=True):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        for method in ('LL-Ct', 'LL-Cp'):
            np.testing.assert_allclose(lines[method], _mean(planted, method, name))
        held = lines['LL-Cp, with earlier corrections']
        np.testing.assert_allclose(held, _mean(planted, 'LL-Cp', f'{name}_in_force'))
        assert 'LL-Ct, with earlier corrections' not in lines
        if name == 'precision':
            chance = np.mean([known_quality(h[0])['chance'] for _, h in planted[2:]])
            np.testing.assert_allclose(lines['chance'], 100 * chance)
    plt.close(figure)


def test_no_method_is_lost_for_want_of_a_colour(planted):
    run = planted[2][0]
    runs = [type(run)(f'm{i}', 1, run.classes, run.sums) for i in range(9)]
    figure = draw_quality(runs)
    assert [line.get_label() for line in figure.axes[1].get_lines()] == [f'm{i}' for i in range(9)]
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
    found = pooled([run for run, _ in planted[2:]])
    for number, (_, history) in enumerate(planted[2:]):
        for c in range(3):
            labels = [s for epoch in history for s in epoch if s.label == c]
            for key, value in known_quality(labels).items():
                assert found[key][number, c] == pytest.approx(value)


def test_dots_show_the_mean_over_seeds(planted):
    runs = [run for run, _ in planted[2:]]
    shown = shown_classes(runs, 2)
    figure = draw_classes(runs, shown, 'title')
    for axes, name in zip(figure.axes, ('precision', 'recall'), strict=True):
        dots = {bars.get_label(): bars.lines[0] for bars in axes.containers}
        for method in ('LL-Ct', 'LL-Cp'):
            value = pooled([r for r in runs if r.method == method])[f'{name}_in_force']
            np.testing.assert_allclose(dots[method].get_xdata(), 100 * value[:, shown].mean(axis=0))
    names = [tick.get_text() for tick in figure.axes[0].get_yticklabels()]
    hidden = hidden_positives(runs)
    assert names == [f'class {c} ({hidden[c]:.0f})' for c in shown]
    assert figure.axes[0].get_ylabel().endswith('2 of 3')
    plt.close(figure)


def test_a_class_that_is_never_selected_has_no_dot(planted):
    runs = [run for run, _ in planted[2:]]
    for run in runs:
        for key in ('selected', 'judged', 'hits', 'kept', 'kept_hits'):
            run.sums[key][:, 1] = 0
    figure = draw_classes(runs, np.arange(3))
    for bars in figure.axes[0].containers:
        assert np.isnan(bars.lines[0].get_xdata()).tolist() == [False, True, False]
    plt.close(figure)
