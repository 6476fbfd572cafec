"""How two lists of classes differ."""

from __future__ import annotations

import pytest

from wsml_mm.labels.class_lists import class_difference


@pytest.mark.parametrize(
    ('there', 'here', 'says'),
    [
        (['car', 'cat'], ('car', 'cat'), None),
        (['car', 'cat'], ['cat', 'car'], 'another order, from class 1 on: car there, cat here'),
        (['car', 'cat'], ['bus', 'cat'], 'only there: car; only here: bus'),
        (['a', 'b', 'c', 'd', 'e'], ['e'],
         '5 classes there, 1 here; only there: a, b, c and 1 more'),
        (['a', 'a', 'b'], ['a', 'b', 'b'],
         'another order, from class 2 on: a there, b here'),
        (['a', 'a'], ['a'], '2 classes there, 1 here'),
    ],
)  # fmt: skip
def test_class_difference(there, here, says):
    assert class_difference(there, here) == says
