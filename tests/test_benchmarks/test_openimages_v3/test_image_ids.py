from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.benchmarks.openimages_v3.image_ids import (
    downloaded_ids,
    format_ids,
    ids_of,
    image_names,
    parse_ids,
)

IDS = st.lists(st.integers(0, 2**64 - 1), max_size=6)


@given(IDS)
def test_writing_and_parsing_are_inverse(numbers):
    ids = np.array(numbers, np.uint64)
    written = [f'{number:016x}' for number in numbers]
    np.testing.assert_array_equal(parse_ids(''.join(written)), ids, strict=True)
    names = image_names(ids)
    assert list(names) == [f'{text}.jpg' for text in written]
    np.testing.assert_array_equal(ids_of(names), ids, strict=True)
    assert format_ids(ids, 'train/', '\n').tobytes().decode().split('\n')[:-1] == [
        f'train/{text}' for text in written
    ]


@pytest.mark.parametrize(
    'text',
    ['000026e7ee79099', '000026E7EE790996', '000026e7ee79099g', '0000 6e7ee790996', '٣' * 16],
)
def test_other_texts_are_no_ids(text):
    assert parse_ids(text) is None


def test_downloaded_images(tmp_path):
    for name in ('000026e7ee790996.jpg', 'f9e0434389a1d4dd.jpg', '0000000000000001.png', 'a.jpg'):
        (tmp_path / name).write_bytes(b'image')
    (tmp_path / '0000000000000002.jpg').touch()  # a download that broke off at once
    assert downloaded_ids(tmp_path).tolist() == [0x26E7EE790996, 0xF9E0434389A1D4DD]
    assert downloaded_ids(tmp_path / 'none').tolist() == []
