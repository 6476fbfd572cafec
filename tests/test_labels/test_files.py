from __future__ import annotations

import json

import numpy as np

from wsml_mm.labels.files import finite, json_text


def test_json_has_no_number_that_is_not_finite():
    content = {
        'a': [1.5, float('nan'), (float('inf'), True)],
        'b': {'c': np.float32('nan'), 'd': np.array([1.0, -np.inf])},
        'e': 'NaN',
        'f': None,
    }
    expected = {'a': [1.5, None, [None, True]], 'b': {'c': None, 'd': [1.0, None]}, 'e': 'NaN'}
    assert finite(content) == {**expected, 'f': None}

    def refuse(word):
        raise AssertionError(word)

    assert json.loads(json_text(content), parse_constant=refuse) == {**expected, 'f': None}
