"""Histories that grow: numbers, statistics and checkpoints of MMEngine's, without its copies."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from mmengine.logging import HistoryBuffer, MessageHub

from wsml_mm.engine.growing_history import GrowingHistory, let_grow


def pair(numbers=(0.5,), **kwargs):
    stock = HistoryBuffer(list(numbers), [1] * len(numbers), **kwargs)
    return stock, GrowingHistory.of(stock)


def assert_same(one, other):
    for mine, theirs in zip(one.data, other.data, strict=True):
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


def test_equals_the_stock_history():
    both = pair()
    for step in range(200):
        for history in both:
            history.update([0.25 * step, step, True][step % 3], 1 + step % 2)
        assert_same(*both)
    one, other = both
    assert one.current() == other.current()
    for name in ('mean', 'min', 'max'):
        for window in (None, 1, 7, 500):
            assert getattr(one, name)(window) == getattr(other, name)(window)
            assert one.statistics(name, window) == other.statistics(name, window)


def test_keeps_the_last_numbers_of_a_full_history():
    both = pair((1.0, 2.0, 3.0), max_length=4)
    for step in range(9):
        for history in both:
            history.update(float(step))
        assert_same(*both)
        assert both[0].current() == both[1].current() == step


def test_a_copy_is_a_stock_history_of_its_own():
    history = pair((1.0, 2.0))[1]
    history.update(3.0)
    for other in (copy.deepcopy(history), pickle.loads(pickle.dumps(history))):
        assert type(other) is HistoryBuffer
        assert_same(other, history)
        other.update(4.0)
    assert history.data[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize('wrong', ['1', None])
def test_refuses_what_is_no_number(wrong):
    with pytest.raises(TypeError, match='log_val must be int or float'):
        pair()[1].update(wrong)


def test_other_kinds_stay_as_they_are():
    class Own(HistoryBuffer):
        pass

    hub = MessageHub('growing')
    hub.update_scalar('loss', 0.5)
    hub.update_scalar('lr', 1)  # whole numbers stay such
    hub.log_scalars['own'] = Own([0.5], [1])
    let_grow(hub)
    kinds = {name: type(history) for name, history in hub.log_scalars.items()}
    assert kinds == {'loss': GrowingHistory, 'lr': HistoryBuffer, 'own': Own}


def test_no_number_is_copied_at_each_update(monkeypatch):
    history, copied = pair()[1], []
    resize = np.resize
    monkeypatch.setattr(np, 'resize', lambda a, n: copied.append(len(a)) or resize(a, n))
    monkeypatch.setattr(np, 'append', lambda *args: pytest.fail('a copy of all numbers'))
    for step in range(10_000):
        history.update(float(step))
    assert sum(copied) < 4 * 10_000


def test_an_empty_one_has_no_last_number():
    for history in (HistoryBuffer(), GrowingHistory()):
        with pytest.raises(ValueError, match='empty'):
            history.current()
