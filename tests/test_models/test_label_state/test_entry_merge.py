from __future__ import annotations

import tracemalloc
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsml_mm.models.label_state import Entries, EntryStore, entry_merge
from wsml_mm.models.label_state.entry_merge import Held, merged, sorted_distinct


def plain(old, keys, values, epoch, last):
    """The merge of whole columns: keys, epochs and values with the new ones inserted."""
    held, epochs, known_values = (column.copy() for column in old)
    places = np.searchsorted(held, keys)
    known = np.isin(keys, held)
    if last:
        epochs[places[known]] = epoch
        known_values[places[known]] = values[known]
    where, fresh = places[~known], ~known
    return (
        np.insert(held, where, keys[fresh]),
        np.insert(epochs, where, epoch),
        np.insert(known_values, where, values[fresh]),
    )


@settings(max_examples=150, deadline=None, database=None)
@given(st.data(), st.integers(1, 12), st.integers(1, 7), st.integers(1, 9), st.booleans())
def test_blocks_equal_the_plain_merge(data, samples, classes, block, last):
    shape = (samples, classes)
    found = st.lists(st.integers(0, samples * classes - 1), max_size=40)
    columns = (np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.float32))
    held = constant = Held.of(*columns, shape)
    for epoch in range(3):
        keys = sorted_distinct(np.array(data.draw(found), np.int64))
        values = (keys * 10 + epoch).astype(np.float32)
        columns = plain(columns, keys, values, epoch, last)
        with mock.patch.object(entry_merge, '_BLOCK', block):
            held = merged(held, keys, values, epoch, classes, last)
            constant = merged(constant, keys, None, epoch, classes, last)
        for each in (held, constant):
            np.testing.assert_array_equal(each.keys(classes), columns[0])
            np.testing.assert_array_equal(each.epochs, columns[1])
            assert each.classes.dtype == each.epochs.dtype == np.int32
            bounds = np.arange(samples + 1) * classes
            np.testing.assert_array_equal(each.starts, np.searchsorted(columns[0], bounds))
        np.testing.assert_array_equal(held.values, columns[2])
        assert not len(constant.values)


@settings(max_examples=60, deadline=None, database=None)
@given(st.lists(st.integers(-3, 3)))
def test_sorted_distinct(keys):
    assert sorted_distinct(np.array(keys, np.int64)).tolist() == sorted(set(keys))


def filled(samples, classes, count, column=None):
    random = np.random.default_rng(count)
    store = EntryStore(samples, classes, column)
    keys = random.integers(0, samples * classes, count)
    values = None if store.column.constant is not None else np.ones(count)
    store.write(keys, values, 0)
    return store, random.integers(0, samples * classes, count // 4)


@pytest.mark.parametrize(('column', 'bytes_each'), [(None, 8), (Entries(), 12)])
def test_an_entry_takes_few_bytes(column, bytes_each):
    store, _ = filled(1000, 1000, 50_000, column)
    assert sum(c.nbytes for c in store._held[1:]) == bytes_each * len(store)


def test_a_merge_needs_the_new_columns_and_a_block():
    """The bound that holds at a hundred million: nothing of the length of all keys in between."""
    store, keys = filled(20_000, 5000, 1_000_000)
    with mock.patch.object(entry_merge, '_BLOCK', 2**12):
        tracemalloc.start()
        store.write(keys, None, 1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    result = 8 * len(store)
    # The keys given are copied, sorted and made distinct; the rest is by rows and by blocks.
    assert peak < result + 2.2 * keys.nbytes + 5 * 8 * 20_000 + 2**20


@pytest.mark.parametrize('count', [100_000, 400_000])
def test_no_more_than_a_block_and_a_row_is_searched_at_once(count):
    store, keys = filled(20_000, 5000, count)
    before, find, sizes = len(store), entry_merge._find, []

    def counted(there, new):
        sizes.append(len(there) + len(new))
        return find(there, new)

    with mock.patch.multiple(entry_merge, _BLOCK=2**14, _find=counted):
        store.write(keys, None, 1)
    assert sum(sizes) == before + len(np.unique(keys))  # each once
    assert max(sizes) <= 2**14 + 100  # entries of a row
    assert len(sizes) <= sum(sizes) / 2**14 + 1
