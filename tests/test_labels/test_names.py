from __future__ import annotations

import hashlib
import os

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.labels.names import NameColumn

TEXT = st.text(st.characters(exclude_characters='\0', exclude_categories=['Cs']), max_size=8)
NAMES = st.lists(TEXT, max_size=12)


@given(NAMES)
def test_names_come_back(names):
    column = NameColumn.from_names(names)
    assert len(column) == len(names)
    assert [column[i] for i in range(len(names))] == names
    assert list(column) == names


@given(NAMES, st.data())
def test_subset(names, data):
    places = data.draw(
        st.lists(st.integers(0, len(names) - 1), max_size=9) if names else st.just([])
    )
    assert list(NameColumn.from_names(names).subset(places)) == [names[i] for i in places]


@given(st.lists(TEXT.filter(lambda t: '\\' not in t), max_size=9))
def test_digest_is_of_the_base_names(names):
    expected = hashlib.sha256()
    for name in names:
        expected.update(os.path.basename(name).encode() + b'\0')
    assert NameColumn.from_names(names).digest() == expected.digest()


def test_iteration_crosses_its_step():
    names = [f'image_{i}.jpg' for i in range(70_000)]
    assert list(NameColumn.from_names(names)) == names


def test_zero_byte_is_refused():
    with pytest.raises(ValueError, match=r'holds a zero byte; correct the annotation'):
        NameColumn.from_names(['a', 'b\0c'])


def test_memory_is_that_of_the_text():
    names = [f'{i:016x}' for i in range(1000)]
    column = NameColumn.from_names(names)
    assert column.text.nbytes + column.ends.nbytes == 1000 * (17 + 8)
    assert column.text.dtype == np.uint8
