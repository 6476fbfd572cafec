from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot as plt
from planted_noise import known_losses, plant

from wsml_mm.reports.memorisation import GROUP_COLOURS, draw_memorisation, memorisation_rows


@pytest.fixture
def planted(tmp_path):
    return [plant(tmp_path / f'{m}{s}', m, s) for m in ('AN', 'LL-Cp') for s in (1, 2)]


def test_rows_equal_the_planted_losses(planted):
    rows = memorisation_rows([run for run, _ in planted])
    known = [(run, epoch, labels) for run, history in planted
             for epoch, labels in enumerate(history, 1)]  # fmt: skip
    assert len(rows) == 16
    for row, (run, epoch, labels) in zip(rows, known, strict=True):
        assert (row['method'], row['seed'], row['epoch']) == (run.method, run.seed, epoch)
        for group, losses in known_losses(labels).items():
            assert row[group] == pytest.approx(np.mean(losses))
            assert row[f'{group}_count'] == len(losses)


def test_a_group_without_labels_is_an_empty_cell(planted):
    run = planted[0][0]
    run.sums['observed_negative_count'][:] = 0
    assert {row['observed_negative'] for row in memorisation_rows([run])} == {''}
    figure = draw_memorisation([run])
    assert len(figure.axes[0].get_lines()) == 3
    plt.close(figure)


def test_panels_show_the_mean_over_seeds(planted):
    figure = draw_memorisation([run for run, _ in planted], 'title')
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title() for axes in panels] == ['AN', 'LL-Cp']
    assert panels[0].get_ylim() == panels[1].get_ylim()
    for axes, seeds in zip(panels, (planted[:2], planted[2:]), strict=True):
        lines = {line.get_color(): line for line in axes.get_lines()}
        for group, colour in GROUP_COLOURS.items():
            means = [[np.mean(known_losses(labels)[group]) for labels in history]
                     for _, history in seeds]  # fmt: skip
            np.testing.assert_array_equal(lines[colour].get_xdata(), [1, 2, 3, 4])
            np.testing.assert_allclose(lines[colour].get_ydata(), np.mean(means, axis=0))
    plt.close(figure)


def test_a_curve_that_leaves_the_axis_carries_its_end(planted):
    (low, _), _, (high, _), _ = planted
    high.sums['false_negative_loss'][3] *= 1000
    figure = draw_memorisation([low, high])
    first, second = (axes for axes in figure.axes if axes.get_visible())
    peak = max(line.get_ydata().max() for line in first.get_lines())
    assert first.get_ylim() == (0, pytest.approx(1.3 * peak))
    assert not first.texts
    end = high.totals()['false_negative_loss'][3] / high.totals()['false_negative_count'][3]
    assert [text.get_text() for text in second.texts] == [f'↑ {end:.2g} in epoch 4']
    plt.close(figure)


def test_many_methods_take_further_rows(planted):
    run = planted[0][0]
    runs = [type(run)(f'm{i}', 1, run.classes, run.sums) for i in range(7)]
    figure = draw_memorisation(runs)
    assert [a.get_title() for a in figure.axes if a.get_visible()] == [f'm{i}' for i in range(7)]
    plt.close(figure)


def test_one_method_leaves_room_for_the_legend_and_the_axis(planted):
    figure = draw_memorisation([planted[0][0]], 'memorisation on the composed scenes, seed 1200')
    figure.canvas.draw()
    for part in (figure.legends[0], figure._suptitle, figure.axes[0].yaxis.label):
        extent = part.get_window_extent()
        assert 0 <= extent.x0 < extent.x1 <= figure.bbox.width
        assert 0 <= extent.y0 < extent.y1 <= figure.bbox.height
    assert len(figure.legends[0].get_texts()) == 4
    plt.close(figure)
