"""Which text is hardly a class name, and that names of real data sets are none of it."""

from __future__ import annotations

import pytest
from mmpretrain.datasets import categories

from wsml_mm.datasets.table.suspect import all_numbers, combined, look, numbered, suspicion


@pytest.mark.parametrize(
    ('name', 'why'),
    [
        *((name, 'looks like an empty cell') for name in ('nan', 'NaN', 'None', 'NULL', 'n/a')),
        *((name, 'looks like a list') for name in ("['a']", '[a, b]', '{"a": 1}', "('a', 'b')")),
        *((name, 'looks like a part of a list') for name in ('["a",', '"b"]', 'a [b')),
        *((name, 'has its quotation marks') for name in ("'a'", '"a"', '"a",')),
        ('a,', "ends with ','"),
        ('-', 'has no letter or digit'),
        ('x' * 201, 'has 201 signs'),
    ],
)
def test_text_that_is_no_name(name, why):
    found = suspicion(name)
    assert found is not None
    assert found.startswith(why)


@pytest.mark.parametrize(
    'name',
    ['cat', 'traffic light', 'dog, small', 'Bär "x"', '木', 'C++', '(old) house', "driver's", '7',
     'No Finding', 'Nanny', 'none of these', 'a[1]', 'tench, Tinca tinca'],
)  # fmt: skip
def test_names_that_stay(name):
    assert suspicion(name) is None


def test_names_of_real_data_sets_are_not_suspected():
    lists = [getattr(categories, name) for name in dir(categories) if name.endswith('_CATEGORIES')]
    assert len(lists) > 5
    for names in lists:
        assert [name for name in names if suspicion(name)] == []
    for name in ('VOC2007_CATEGORIES', 'CIFAR100_CATEGORIES', 'CUB_CATEGORIES'):
        assert combined(getattr(categories, name, ())) is None


@pytest.mark.parametrize(
    ('one', 'other', 'same'),
    [
        ('e\u0301lan', '\u00e9lan', True),
        ('cat\u200b', 'cat', True),
        ('traffic\u00a0light', 'traffic light', True),
        ('traffic  light', 'traffic light', True),
        ('cat', 'Cat', False),
        ('m\u00b2', 'm2', False),
    ],
)
def test_names_that_look_the_same(one, other, same):
    assert (look(one) == look(other)) is same


@pytest.mark.parametrize(
    ('names', 'found'),
    [
        (['cat', 'cat dog', 'dog'], ('cat dog', ' ')),
        (['cat', 'cat;dog', 'dog'], ('cat;dog', ';')),
        (['clear primary', 'haze primary', 'haze water', 'clear water'], ('clear primary', ' ')),
        (['traffic light', 'stop sign', 'fire hydrant', 'cat'], None),
        (['dog, small', 'dog', 'cat'], ('dog, small', ',')),
        (['cat', 'cat dog'], ('cat dog', ' ')),
        (['dog', 'hot dog', 'bear', 'teddy bear'], None),
        (['cat dog'], None),
        ([], None),
    ],
)
def test_several_labels_in_one(names, found):
    assert combined(names) == found


def test_numbers():
    assert all_numbers(['0', '17', '3.0'])
    assert not all_numbers(['0', 'cat'])
    assert numbered(['0 cat', '1 dog'])
    assert numbered(['1. cat', '2. dog'])
    assert not numbered(['1 cat', '3 dog'])
    assert not numbered(['0 cat', 'dog'])
    assert not numbered(['2 door car'])
