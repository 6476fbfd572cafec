from __future__ import annotations

import base64

import numpy as np
import pytest

from wsml_mm.reports.dataset.pair_matrix import pair_matrix


def decoded(uri):
    return base64.b64decode(uri.partition(',')[2])


def test_matrix_shows_the_share_of_the_rows_images():
    counts = np.array([[8, 2, 0], [2, 4, 1], [0, 1, 5]])
    text = decoded(pair_matrix(counts, ['cat', 'a$b$', '木'])).decode()
    for shown in ('25', '50', '20', 'cat', 'a$b$', '木'):
        assert f'>{shown}</text>' in text or shown in text
    assert pair_matrix(counts, ['cat', 'a$b$', '木']) == pair_matrix(counts, ['cat', 'a$b$', '木'])


@pytest.mark.parametrize('size', [1, 2, 40])
def test_matrix_of_any_size(size):
    counts = np.ones((size, size), np.int64)
    assert decoded(pair_matrix(counts, [f'class {i}' for i in range(size)])).startswith(b'<?xml')
