from __future__ import annotations

import itertools
from types import SimpleNamespace

import pytest
from matplotlib.colors import is_color_like
from mmengine.config import Config

from wsml_mm.reports.comparison import draw_curves
from wsml_mm.reports.plots import new_figure, plot_band
from wsml_mm.reports.styles import Style, read_styles, spare_styles, style_of


def folder_of(root, name, **method):
    """A run folder with the config that a run leaves in it."""
    (root / name).mkdir(parents=True, exist_ok=True)
    Config(dict(method=dict(key=name, title=name, **method)) if method else dict(a=1)).dump(
        root / name / 'exact.py'
    )
    return root / name


def test_there_are_looks_for_twenty_methods_and_more():
    styles = list(spare_styles())
    assert len(styles) >= 20
    assert len({style[:2] for style in styles}) == len(styles)  # of lines
    assert len({(style.colour, style.hatch) for style in styles}) == len(styles)  # of bars
    assert all(is_color_like(style.colour) for style in styles)
    assert len({style.colour for style in styles[:8]}) == 8
    assert len({style.marker for style in styles[:8]}) == 8


def test_a_method_keeps_its_style_whatever_the_order_or_subset(tmp_path):
    names = [f'm{number}' for number in range(20)]
    folders = {
        name: folder_of(tmp_path, name, colour=style.colour, marker=style.marker)
        for name, style in zip(names, spare_styles(), strict=False)
    }
    whole = read_styles(folders)
    assert list(whole) == names
    assert len({style[:2] for style in whole.values()}) == 20
    for some in (names[::-1], names[3:7], names[::3]):
        assert read_styles({name: folders[name] for name in some}) == {n: whole[n] for n in some}


def test_a_method_without_a_style_takes_a_spare_one_and_keeps_it(tmp_path):
    first, second, *_ = spare_styles()
    folders = {
        'plain': folder_of(tmp_path, 'plain'),
        'own': folder_of(tmp_path, 'own', colour=first.colour, marker='*'),
        'absent': tmp_path / 'absent',
    }
    styles = read_styles(folders)
    assert list(styles) == ['plain', 'own', 'absent']
    assert styles['own'] == Style(first.colour, '*')
    assert styles['plain'] == second  # the first colour is taken
    again = style_of('later', styles)
    assert again == style_of('later', styles) == styles['later']
    assert len({style.colour for style in styles.values()}) == 4


def test_methods_beyond_all_looks_are_drawn_all_the_same():
    styles: dict[str, Style] = {}
    found = [style_of(f'm{number}', styles) for number in range(70)]
    assert len(set(found[:32])) == 32
    assert len(found) == 70


@pytest.mark.parametrize(
    ('method', 'named'),
    [
        (dict(colour='no colour'), "method.colour='no colour' .* use #RRGGBB"),
        (dict(colour='#123456', marker='%%'), "method.marker='%%' .* use o, s"),
    ],
)
def test_unknown_colours_and_markers_are_named(tmp_path, method, named):
    with pytest.raises(ValueError, match=rf'exact\.py: {named}') as error:
        read_styles({'m': folder_of(tmp_path, 'm', **method)})
    assert '\n' not in str(error.value)


def test_figures_take_the_style_of_the_method(tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        'wsml_mm.reports.comparison.plot_band',
        lambda axes, x, curves, label, **line: drawn.update({label: line}) or plot_band(
            axes, x, curves, label=label, **line
        ),
    )  # fmt: skip
    styles = {'b': Style('#112233', 'D'), 'a': Style('#445566', '^')}
    results = [SimpleNamespace(method=m, seed=1, validation=[1.0, 2.0]) for m in 'abc']
    for order in itertools.permutations(results):
        draw_curves(list(order), tmp_path / 'curve', styles=dict(styles))
        for name, style in styles.items():
            assert drawn[name] == style.line()
    assert drawn['c']['colour'] not in ('#112233', '#445566')


def test_markers_of_a_long_curve_leave_the_line_visible():
    _, axes = new_figure()
    plot_band(axes, range(100), [range(100)], label='x', **Style('red', 's').line())
    (line,) = axes.get_lines()
    assert line.get_marker() == 's'
    assert 5 <= 100 / line.get_markevery() <= 12
