from __future__ import annotations

import json

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.datasets.table.cells import lists_of, names_of
from wsml_mm.datasets.table.classes import Vocabulary


def lists(cell, separator='|', classes=None):
    cells = pa.array(['x', cell, None], pa.string())
    first, found, last = lists_of(cells, Vocabulary(classes, separator)).to_pylist()
    assert (first, last) == (['x'], None)
    assert names_of(cell, Vocabulary(classes, separator)) == (found or [])
    return found


@pytest.mark.parametrize(
    ('cell', 'names'),
    [
        ("['cat', 'dog']", ['cat', 'dog']),
        ('["cat", "dog"]', ['cat', 'dog']),
        (" ['cat'] ", ['cat']),
        ("('cat', 'dog')", ['cat', 'dog']),
        ("{'cat'}", ['cat']),
        ('[]', []),
        ('["a|b", "it\'s", "\\u00e9"]', ['a|b', "it's", 'é']),
        ('{"choices": ["cat", "dog"]}', ['cat', 'dog']),
        # Not such lists: as one name, which is then suspected or unknown.
        ("['cat' 'dog']", ["['cat' 'dog']"]),
        ('[cat, dog]', ['[cat, dog]']),
        ('[1, 2]', ['[1, 2]']),
        ('{"cat": 1}', ['{"cat": 1}']),
        (r"['\q']", [r"['\q']"]),
        (r'["\ud800"]', [r'["\ud800"]']),
        ('(old) cat|dog (new)', ['(old) cat', 'dog (new)']),
        ('a [b]|c', ['a [b]', 'c']),
    ],
)
def test_lists_as_text(cell, names):
    assert lists(cell) == names


def test_classes_that_look_like_lists():
    assert lists("['a']|[b]", classes=["['a']", '[b]']) == ["['a']", '[b]']


def test_blanks_separate_however_many():
    assert lists(' haze  primary water ', ' ') == ['haze', 'primary', 'water']
    assert lists('traffic light\tcat', '\t') == ['traffic light', 'cat']


@given(st.lists(st.text(st.characters(exclude_categories=['C']))))
def test_what_json_and_python_write_is_read(names):
    assert lists(json.dumps(names)) == names
    assert lists(repr(names)) == names


@given(st.text('[]{}()\'"|, ab', max_size=12), st.sampled_from('|, '))
def test_a_cell_alone_is_read_as_in_a_column(cell, separator):
    assert names_of(cell, Vocabulary(None, separator)) == (lists(cell, separator) or [])
