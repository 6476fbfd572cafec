from __future__ import annotations

import csv

import pytest
from matplotlib import pyplot as plt
from PIL import Image

from wsml_mm.reports.plots import legend_below, new_figure, set_title, write_figure_files


def test_figure_numbers_and_command_stand_side_by_side(tmp_path):
    figure, axes = new_figure(figsize=(3, 2))
    axes.plot([1, 2], [3, 4])
    rows = [{'epoch': 1, 'value': 3.0}, {'epoch': 2, 'value': 4.0, 'note': 'best'}]
    paths = write_figure_files(tmp_path / 'new' / 'delta_0.2', figure, rows, 'python tools/x.py a')
    assert [p.name for p in paths] == [
        'delta_0.2.png',
        'delta_0.2.svg',
        'delta_0.2.csv',
        'delta_0.2.command.txt',
    ]
    assert Image.open(paths[0]).size == (480, 320)
    assert '<svg' in paths[1].read_text()
    with paths[2].open(newline='') as file:
        assert list(csv.DictReader(file)) == [
            {'epoch': '1', 'value': '3.0', 'note': ''},
            {'epoch': '2', 'value': '4.0', 'note': 'best'},
        ]
    assert paths[3].read_text() == 'python tools/x.py a\n'


@pytest.mark.parametrize('methods', [2, 8, 20])
def test_a_legend_stays_inside_its_figure(methods):
    figure, axes = new_figure(figsize=(5.5, 4))
    for number in range(methods):
        axes.plot([0, 1], label=f'method {number}')
    legend_below(figure, axes.get_legend_handles_labels())
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.width
    assert len(figure.legends[0].get_texts()) == methods


def test_a_title_and_a_legend_are_no_wider_than_the_figure():
    """Also where a single method leaves a narrow figure."""
    figure, axes = new_figure(figsize=(3, 3))
    for name in ('AN', 'a name of a method that is much longer than this figure is wide', 'b'):
        axes.plot([0, 1], label=name)
    set_title(figure, 'a title that says which data, which protocol and which seeds these are')
    legend_below(figure, axes.get_legend_handles_labels())
    figure.canvas.draw()
    for part in (figure.legends[-1], figure._suptitle):
        extent = part.get_window_extent()
        assert -1 <= extent.x0 < extent.x1 <= figure.bbox.width + 1
        assert -1 <= extent.y0 < extent.y1 <= figure.bbox.height + 1
    assert len(figure.legends) == 1
    plt.close(figure)
