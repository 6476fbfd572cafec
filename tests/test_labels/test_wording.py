"""Parts of messages: the name that is meant, some names of many."""

from __future__ import annotations

import pytest

from wsml_mm.labels.wording import nearest, some_of


@pytest.mark.parametrize(
    ('name', 'likeness', 'meant'),
    [('Imge', 0.75, 'image'), ('IMAGE', 1.0, 'image'), ('imag', 0.95, ''), ('xyz', 0.6, '')],
)
def test_nearest(name, likeness, meant):
    assert nearest(name, ['positive', 'image'], likeness) == meant


def test_some_of():
    assert some_of(['a', 'b', 'c']) == 'a, b, c'
    assert some_of(['a', 'b', 'c', 'd', 'e']) == 'a, b, c and 2 more'
    assert some_of(['a', 'b'], 1, of='weights') == 'a and 1 more weights'
    assert some_of([]) == ''
