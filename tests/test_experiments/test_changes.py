"""Changes of a config are taken back, and nothing else."""

from __future__ import annotations

from copy import deepcopy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.experiments.changes import changes, take_back

LEAVES = st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(['a', 'b'])
KEYS = st.sampled_from(['type', 'loss', 'a', 'b'])
PARTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=12,
)
CONFIGS = st.dictionaries(KEYS, PARTS, max_size=4)


@given(CONFIGS, CONFIGS)
def test_what_was_changed_is_as_before(before, after):
    made, now = list(changes(before, after)), deepcopy(after)
    take_back(now, made)
    assert now == before


@given(CONFIGS)
def test_no_changes(config):
    assert list(changes(config, deepcopy(config))) == []


@pytest.mark.parametrize(
    ('by_hand', 'expected'),
    [
        ({}, dict(lr=1, model=dict(head=dict(type='A')))),
        (dict(lr=3), dict(lr=3, model=dict(head=dict(type='A')))),  # stays
        (dict(new=1), dict(lr=1, model=dict(head=dict(type='A')), new=1)),
        (dict(model=3), dict(lr=1, model=3)),
    ],
)
def test_changes_by_hand_since_then_stay(by_hand, expected):
    before = dict(lr=1, model=dict(head=dict(type='A')))
    after = dict(lr=2, model=dict(head=dict(type='B', alpha=1)), ema=dict(type='EMA'))
    made = list(changes(before, after))
    now = deepcopy(after) | by_hand
    if 'ema' in now:
        now['ema']['momentum'] = 0.5  # what a method added goes whatever has become of it
    take_back(now, made)
    assert now == expected
