"""Points of a grid: as many for each method, the paper's first, and bad grids refused."""

from __future__ import annotations

import pytest
from helpers import tiny_config, write_devkit
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.experiments.entries import Entry, read_entries, seeded_config
from wsml_mm.experiments.grid import FACTORS, LEARNING_RATE, Grid, grid_points, read_grid
from wsml_mm.experiments.method import read_method

DELTA = 'loss.delta_rel'


@pytest.fixture(scope='module')
def protocol(tmp_path_factory):
    root = tmp_path_factory.mktemp('grid')
    cfg = tiny_config(write_devkit(root / 'devkit'), root / 'unused', 'AN')
    cfg.pop('work_dir')
    cfg.protocol = dict(name='tiny', data='voc2012')
    cfg.dump(root / 'tiny.py')
    return str(root / 'tiny.py')


def entries_of(protocol, *methods, **kwargs):
    return read_entries([protocol], methods, **kwargs)


def test_every_method_has_as_many_points_and_the_papers_is_the_first(protocol):
    entries = entries_of(protocol, 'an', 'll-r', 'll-cp', upper_bound=True)
    for entry in entries:
        points = grid_points(entry, Grid(6))
        assert len({p.name for p in points}) == 6
        first = seeded_config(points[0].entry, 1, points[0].options)
        assert first.to_dict() == seeded_config(entry, 1).to_dict()
    rate = seeded_config(entries[0], 1).optim_wrapper.optimizer.lr
    rates = [p.options.get(LEARNING_RATE, rate) / rate for p in grid_points(entries[0], Grid(6))]
    assert rates == pytest.approx(list(FACTORS[:6]))


def test_nearest_points_come_first_and_published_numbers_are_overridden(protocol):
    (entry,) = entries_of(protocol, 'll-r')
    points = grid_points(entry, Grid(6, values={DELTA: [0.1, 0.2, 0.4]}))
    names = [p.name for p in points]
    assert names == [
        'lr-x1_delta_rel-0.2', 'lr-x1_delta_rel-0.1', 'lr-x0.3_delta_rel-0.2',
        'lr-x1_delta_rel-0.4', 'lr-x0.3_delta_rel-0.1', 'lr-x3_delta_rel-0.2',
    ]  # fmt: skip
    cfg = seeded_config(points[4].entry, 1, points[4].options)
    assert cfg.model.head.loss.delta_rel == 0.1
    assert entry.method.parts('voc2012')['loss']['delta_rel'] == 0.2


def test_a_key_is_for_the_methods_that_have_it_and_a_file_for_one(protocol, tmp_path):
    file = tmp_path / 'grid.py'
    file.write_text("grid = {'ll-r': {'loss.delta_rel': [1, 2]}}\nlearning_rate = [1, 5]\n")
    an, reject, perm = entries_of(protocol, 'an', 'll-r', 'll-cp')
    grid = read_grid([f'{DELTA}=[0.3]', str(file)], 2)
    assert [p.name for p in grid_points(an, grid)] == ['lr-x1', 'lr-x5']
    assert grid_points(perm, grid)[1].name == 'lr-x1_delta_rel-0.3'
    assert grid_points(reject, grid)[1].name == 'lr-x1_delta_rel-1'
    assert read_grid([], 4) == Grid(4)


@settings(max_examples=6)
@given(st.integers(1, 9), st.lists(st.integers(1, 50), min_size=1, max_size=9, unique=True))
def test_the_budget_is_kept_for_any_list(protocol, count, values):
    (entry,) = entries_of(protocol, 'll-r')
    points = grid_points(entry, Grid(count, values={DELTA: values}))
    assert len({p.name for p in points}) == count


@pytest.mark.parametrize(
    ('arguments', 'count', 'words'),
    [
        (['loss.delta_rel=0.1'], 2, r'grid loss.delta_rel=0.1: give a list of values'),
        (['loss.delta_rel=[0.1'], 2, r'loss.delta_rel=None: give a list'),
        (['loss.delta_rel=[]'], 2, 'give a list of values'),
        (['missing.py'], 2, r'--grid missing.py: no such file'),
        ([], 10, '10 points of a grid with 9 learning rates'),
    ],
)
def test_bad_grids(arguments, count, words):
    with pytest.raises((ValueError, FileNotFoundError), match=words):
        read_grid(arguments, count)


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        ('grid = [1]', 'write grid = '),
        ('learning_rate = [0, 1]', 'must be positive factors'),
        ("grid = {'ll-r': {'loss.delta': [1]}}", 'grid of ll-r: the method has no loss.delta'),
    ],
)
def test_bad_files(protocol, tmp_path, content, words):
    (tmp_path / 'grid.py').write_text(content)
    (entry,) = entries_of(protocol, 'll-r')
    with pytest.raises(ValueError, match=words):
        grid_points(entry, read_grid([str(tmp_path / 'grid.py')], 1))


def test_a_complete_config_has_no_grid(protocol):
    with pytest.raises(ValueError, match='mine: a complete config has no grid'):
        grid_points(Entry('mine', protocol), Grid(2))


def test_shipped_grids_name_what_their_method_has(protocol):
    for key in ('ll-r', 'll-ct', 'll-cp'):
        method = read_method(key)
        assert 'grid' not in method.parts('voc2012')
        assert method.fragment['grid']
