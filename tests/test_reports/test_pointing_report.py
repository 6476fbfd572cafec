from __future__ import annotations

import pytest

from wsml_mm.reports.pointing import draw_pointing_game, pointing_markdown

CLASSES = ('cat', 'dog', 'elk')


def row(method, seed, checkpoint, cat, dog):
    shares = {'accuracy': (cat + 3 * dog) / 4, 'mean_class_accuracy': (cat + dog) / 2}
    shares |= {'cat': cat, 'dog': dog}
    centre = {f'centre/{key}': 40.0 for key in shares}
    return {'method': method, 'seed': seed, 'checkpoint': checkpoint, **shares, **centre}


ROWS = [
    row(method, seed, checkpoint, cat + seed, 20)
    for checkpoint, cat in (('best', 60), ('last', 70))
    for method in ('AN', 'LL-R')
    for seed in (1, 3)
]


def test_bars_are_the_means_over_seeds():
    figure = draw_pointing_game(ROWS, CLASSES, 'voc5')
    best, last = figure.axes
    assert best.get_title(loc='left') == 'best validation epoch'
    names = [t.get_text() for t in last.get_xticklabels()]
    assert names == ['cat', 'dog', 'mean over\nclasses', 'all pairs']  # elk has no box
    heights = [bar.get_height() for bar in best.patches]
    assert heights == [62, 20, 41, 30.5] * 2
    assert last.patches[0].get_height() == 72
    legend = [text.get_text() for text in figure.legends[0].get_texts()]
    assert sorted(legend) == ['AN', 'LL-R', 'image centre']


def test_many_classes_are_left_out_of_the_figure():
    classes = [f'c{n}' for n in range(25)]
    rows = [{**ROWS[0], **dict.fromkeys(classes, 50.0)}]
    (axis,) = draw_pointing_game(rows, classes).axes
    assert len(axis.patches) == 2


def test_table():
    lines = pointing_markdown(ROWS, CLASSES).splitlines()
    assert lines[0] == '| method | checkpoint | all pairs | mean over classes | cat | dog |'
    assert lines[2] == '| AN | best | 30.5 ± 0.4 | 41.0 ± 0.7 | 62.0 ± 1.4 | 20.0 ± 0.0 |'
    assert lines[-1] == '| image centre |  | 40.0 | 40.0 | 40.0 | 40.0 |'
    assert len(lines) == 7
    single = pointing_markdown(ROWS[:1], CLASSES)
    assert '| AN | best | 30.2 | 40.5 | 61.0 | 20.0 |' in single
    assert '±' not in single


def test_classes_are_in_the_order_given():
    figure = draw_pointing_game(ROWS[:1], ('dog', 'cat'))
    assert figure.axes[0].get_xticklabels()[0].get_text() == 'dog'
    assert [b.get_height() for b in figure.axes[0].patches][:2] == pytest.approx([20, 61])
