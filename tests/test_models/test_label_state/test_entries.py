from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.models.label_state import (
    Classes,
    Entries,
    EntryStore,
    LabelState,
    Rows,
    TrainingFacts,
    entries,
)

SAMPLES, CLASSES = 6, 5
PAIRS = st.lists(st.tuples(st.integers(0, SAMPLES - 1), st.integers(0, CLASSES - 1)), max_size=8)


def add(store, pairs):
    rows, classes = torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2).T
    store.add_pairs(rows, classes)


def as_dict(store):
    table = store.table()
    assert list(table) == ['sample', 'class', 'epoch', 'value']
    assert (table['value'] == 1).all()
    rows = np.stack(list(table.values())[:3], axis=1).tolist()
    assert rows == sorted(rows)
    return {(sample, label): epoch for sample, label, epoch in rows}


def assert_equals(store, expected):
    assert as_dict(store) == expected
    assert len(store) == len(expected)
    for batch in (range(SAMPLES), [3, 0, 3], []):
        held = store.held(torch.tensor(list(batch), dtype=torch.int64))
        assert held.shape == (len(batch), CLASSES)
        assert held.dtype == torch.bool
        for row, sample in enumerate(batch):
            for label in range(CLASSES):
                assert held[row, label].item() == ((sample, label) in expected)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.tuples(st.lists(PAIRS, max_size=3), st.booleans()), max_size=5))
def test_equals_a_dictionary(epochs):
    store, expected = EntryStore(SAMPLES, CLASSES), {}
    for epoch, (steps, restart) in enumerate(epochs):
        for pairs in steps:
            add(store, pairs)
            assert_equals(store, expected)  # nothing holds before the merge
        fresh = {pair for pairs in steps for pair in pairs}
        assert store.pending().tolist() == sorted(s * CLASSES + c for s, c in fresh)
        if restart:  # a resumed run repeats the unfinished epoch
            state, store = store.state_dict(), EntryStore(SAMPLES, CLASSES)
            store.load_state_dict(state)
            assert not len(store.pending())
            for pairs in steps:
                add(store, pairs)
        assert store.merge(epoch) == len(fresh - set(expected))
        expected = dict.fromkeys(fresh, epoch) | expected  # the first epoch stays
        assert not len(store.pending())
        assert store.merge(99) == 0
        assert_equals(store, expected)


@settings(max_examples=30, deadline=None, database=None)
@given(st.lists(PAIRS, min_size=2, max_size=4))
def test_ranks_that_merge_the_same_keys_agree(found):
    ranks = [EntryStore(SAMPLES, CLASSES) for _ in found]
    for store, pairs in zip(ranks, found, strict=True):
        add(store, pairs)
    own = [(store.pending(), np.zeros(0)) for store in ranks]
    with mock.patch.object(entries, 'gather_objects', return_value=own):
        for store in ranks:
            store.merge(2)
            assert not len(store.pending())
            assert_equals(store, dict.fromkeys({pair for pairs in found for pair in pairs}, 2))


@settings(max_examples=60, deadline=None, database=None)
@given(
    st.lists(st.lists(st.tuples(*[st.integers(0, 3)] * 2, st.floats(-9, 9, width=32))), max_size=4),
    st.sampled_from(['first', 'last']),
)
def test_values_equal_a_dictionary(epochs, keep):
    store, expected = EntryStore(4, 4, Entries(keep=keep)), {}
    for epoch, triples in enumerate(epochs):
        if triples:
            rows, classes, values = (torch.tensor(column) for column in zip(*triples, strict=True))
            store.add_pairs(rows, classes, values.float())
        store.merge(epoch)
        fresh = {}
        for row, label, value in triples:
            if keep == 'last' or (row, label) not in fresh:
                fresh[row, label] = (np.float32(value), epoch)
        expected = {**expected, **fresh} if keep == 'last' else {**fresh, **expected}
        other = EntryStore(4, 4, Entries(keep=keep))
        other.load_state_dict(store.state_dict())
        for each in (store, other):
            table = each.table()
            columns = (table[name] for name in ('sample', 'class', 'value', 'epoch'))
            found = zip(*columns, strict=True)
            assert {(s, c): (v, e) for s, c, v, e in found} == expected
            dense = each.values(torch.arange(4), fill=99.0)
            assert dense.dtype == torch.float32
            for place in np.ndindex(4, 4):
                assert dense[place] == expected.get(place, (99.0,))[0]


def test_values_and_constants_are_not_mixed():
    mask = torch.ones(1, CLASSES, dtype=torch.bool)
    with pytest.raises(ValueError, match='give values for a column of values'):
        EntryStore(SAMPLES, CLASSES).add(torch.tensor([0]), mask, torch.zeros(1, CLASSES))
    with pytest.raises(ValueError, match='give values for a column of values'):
        EntryStore(SAMPLES, CLASSES, Entries()).add(torch.tensor([0]), mask)
    with pytest.raises(ValueError, match='"first" or "last"'):
        Entries(keep='best')


def test_merge_takes_the_given_keys_unsorted_and_repeated():
    store = EntryStore(SAMPLES, CLASSES)
    assert store.write(np.array([7, 3, 7, 29]), None, 0) == 3
    assert store.write(np.array([29, 0, 4, 3]), None, 1) == 2
    assert as_dict(store) == {(0, 0): 1, (0, 3): 0, (0, 4): 1, (1, 2): 0, (5, 4): 0}


def test_the_state_survives_a_checkpoint_file(tmp_path):
    store = EntryStore(SAMPLES, CLASSES)
    add(store, [(5, 4), (0, 0), (2, 3)])
    store.merge(3)
    add(store, [(1, 1)])  # of an unfinished epoch: not saved
    state = store.state_dict()
    torch.save(state, tmp_path / 'state.pth')
    store.merge(4)  # what is saved does not change afterwards
    other = EntryStore(SAMPLES, CLASSES)
    add(other, [(4, 4)])
    other.load_state_dict(torch.load(tmp_path / 'state.pth', weights_only=True))
    assert_equals(other, {(0, 0): 3, (2, 3): 3, (5, 4): 3})
    assert not len(other.pending())
    assert_equals(store, {(0, 0): 3, (2, 3): 3, (5, 4): 3, (1, 1): 4})
    other.write(np.array([7]), None, 5)
    assert_equals(other, {(0, 0): 3, (1, 2): 5, (2, 3): 3, (5, 4): 3})


@pytest.mark.parametrize(
    ('samples', 'classes', 'message'),
    [
        (SAMPLES + 1, CLASSES, f'num_samples={SAMPLES + 1}, the training set has {SAMPLES}'),
        (SAMPLES, CLASSES - 1, f'num_classes={CLASSES - 1}, the training set has {CLASSES}'),
    ],
)
def test_a_state_of_another_size_is_refused(samples, classes, message):
    store = EntryStore(SAMPLES, CLASSES)
    store.write(np.array([3]), None, 0)
    with pytest.raises(ValueError, match=message):
        store.load_state_dict(EntryStore(samples, classes).state_dict())
    assert_equals(store, {(0, 3): 0})


@pytest.mark.parametrize('bad', [-1, SAMPLES, 10**6])
def test_a_sample_out_of_range_is_refused(bad):
    store = EntryStore(SAMPLES, CLASSES)
    for use in (store.held, lambda rows: store.add_pairs(rows, torch.zeros_like(rows))):
        with pytest.raises(IndexError, match=rf'sample_idx {bad} is outside 0\.\.5'):
            use(torch.tensor([0, bad, 2]))
    assert not len(store.pending())


def test_a_million_corrections():
    samples, classes = 40_000, 500
    random = np.random.default_rng(0)
    dense = np.zeros(samples * classes, dtype=bool)
    store = EntryStore(samples, classes)
    for epoch in range(5):
        keys = random.integers(0, samples * classes, 210_000)
        rows, labels = np.divmod(keys, classes)
        store.add_pairs(torch.from_numpy(rows), torch.from_numpy(labels))
        store.merge(epoch)
        dense[keys] = True
    assert len(store) == dense.sum() > 10**6
    dense = dense.reshape(samples, classes)
    for start in range(0, samples, 256):
        rows = np.arange(start, min(start + 256, samples))[::-1].copy()
        assert np.array_equal(store.held(torch.from_numpy(rows)).numpy(), dense[rows])


def test_keys_beyond_32_bits():
    store = EntryStore(1_700_000, 5000)  # OpenImages: 8.5e9 labels
    last = torch.tensor([1_699_999], dtype=torch.int32)
    store.add_pairs(last, torch.tensor([4999], dtype=torch.int32))
    store.merge(0)
    assert as_dict(store) == {(1_699_999, 4999): 0}
    assert store.held(last).nonzero().tolist() == [[0, 4999]]


def _filled():
    store = Entries().create(TrainingFacts(4, 3))
    store.write(np.array([1, 5]), np.array([0.1, 0.2]), 0)
    return store


@pytest.mark.parametrize(
    ('name', 'value'),
    [
        ('values', torch.zeros(0)),
        ('values', torch.zeros(2, 2)),
        ('values', torch.tensor([0.1, torch.nan])),
        ('values', None),
        ('keys', torch.tensor([1.5, 5.2])),
        ('keys', torch.tensor([[1, 5]])),
        ('keys', None),
        ('epochs', torch.tensor([0])),
        ('epochs', torch.tensor([0, -5])),
    ],
)
def test_a_damaged_column_is_refused(name, value):
    state = _filled().state_dict()
    state[name] = value
    if value is None:
        del state[name]
    with pytest.raises(ValueError, match='label state is damaged'):
        _filled().load_state_dict(state)


def test_entries_outside_the_training_set_are_refused():
    """A class beyond the last would be a class of the next sample."""
    store = Entries(1).create(TrainingFacts(4, 3))
    with pytest.raises(ValueError, match=r'\(2, 5\).*\(2, 3\)'):
        store.add(torch.tensor([0, 1]), torch.ones(2, 5, dtype=torch.bool))
    with pytest.raises(IndexError, match=r'class 4 is outside 0\.\.2'):
        store.add_pairs(torch.tensor([0]), torch.tensor([4]))
    for keys in ([2, 99], [-1]):
        with pytest.raises(IndexError, match='outside 4 samples x 3 classes'):
            store.write(np.array(keys), None, 0)
    assert len(store) == len(store.pending()) == 0
    with pytest.raises(ValueError, match='2 keys and 3 values'):
        _filled().write(np.array([2, 3]), np.array([0.1, 0.2, 0.3]), 0)
    with pytest.raises(ValueError, match='nan is no value'):
        _filled().write(np.array([2, 3]), np.array([0.1, np.nan]), 0)


@pytest.mark.parametrize('column', [Entries(1), Rows(), Classes()])
def test_a_state_with_a_missing_part_is_refused(column):
    state = LabelState(TrainingFacts(4, 3), {'kept': column})
    saved = state.state_dict()
    saved['columns']['kept'].popitem()
    with pytest.raises(ValueError, match='damaged'):
        state.load_state_dict(saved)
    with pytest.raises(ValueError, match='damaged'):
        state.load_state_dict({})
