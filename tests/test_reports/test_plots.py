from __future__ import annotations

import csv

from PIL import Image

from wsml_mm.reports.plots import new_figure, write_figure_files


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
