"""What is filled late behaves as the dict or sequence that it will be."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import pytest

from wsml_mm.datasets.late import LateDict, LateSequence

CONTENT = {'inputs': [1, 2], 'data_samples': ['a', 'b']}
LOOKS = {
    'getitem': lambda d: d['inputs'],
    'get': lambda d: d.get('data_samples'),
    'in': lambda d: 'inputs' in d,
    'len': len,
    'bool': bool,
    'iter': list,
    'items': lambda d: list(d.items()),
    'values': lambda d: list(d.values()),
    'keys': lambda d: list(d.keys()),
    'dict': dict,
    'unpacked': lambda d: {**d},
    'arguments': lambda d: (lambda **kwargs: kwargs)(**d),
    'updated': lambda d: (other := {'more': 1}, other.update(d), other)[2],
    'merged': lambda d: {'more': 1} | d,
    'equal': lambda d: (d == CONTENT, d != CONTENT),
    'repr': repr,
    'copy': lambda d: d.copy(),
    'copied': copy.copy,
    'copied deeply': copy.deepcopy,
    'pickled': lambda d: pickle.loads(pickle.dumps(d)),
    'reversed': lambda d: list(reversed(d)),
    'popped': lambda d: (d.pop('inputs'), dict(d)),
    'set': lambda d: (d.__setitem__('inputs', 0), dict(d)),
    'deleted': lambda d: (d.__delitem__('inputs'), dict(d)),
    'default': lambda d: (d.setdefault('inputs', 0), dict(d)),
    'cleared': lambda d: (d.clear(), dict(d)),
    'filled up': lambda d: (d.update(more=1), dict(d)),
}


@pytest.mark.parametrize('look', LOOKS)
def test_a_look_finds_the_content(look):
    calls = []
    late = LateDict(lambda: calls.append(1) or dict(CONTENT))
    assert isinstance(late, dict)
    assert not late.is_open
    assert not calls
    assert LOOKS[look](late) == LOOKS[look](dict(CONTENT))
    assert late.is_open
    assert len(calls) == 1
    late.get('inputs')
    assert len(calls) == 1


def test_every_method_of_a_dict_fills_it():
    inert = {*dir(object), '__class_getitem__', 'fromkeys'} - {'__eq__', '__ne__', '__repr__'}
    assert not [n for n in {*dir(dict)} - inert if getattr(LateDict, n) is getattr(dict, n)]


def test_a_sequence_is_made_once():
    calls = []
    late = LateSequence(lambda: calls.append(1) or [3, 1, 2])
    assert isinstance(late, Sequence)
    assert not calls
    assert (list(late), late[1:], len(late)) == ([3, 1, 2], [1, 2], 3)
    assert (sorted(late), 2 in late, late.index(1)) == ([1, 2, 3], True, 1)
    assert len(calls) == 1
