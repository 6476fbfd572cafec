from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.evaluation.pointing import pointing_hits


@pytest.mark.parametrize(
    ('point', 'tolerance', 'hit'),
    [
        ((15, 25), 0, True),
        ((10, 20), 0, True),  # corners and edges belong to the box
        ((20, 40), 0, True),
        ((20, 30), 0, True),
        ((20.01, 30), 0, False),
        ((15, 19.99), 0, False),
        ((25, 30), 5, True),  # beside: a distance of 5
        ((25.01, 30), 5, False),
        ((15, 43), 3, True),
        ((23, 44), 5, True),  # off the corner: 3, 4, and so 5
        ((23.1, 44), 5, False),
        ((7, 16), 5, True),
        ((6, 15), 5, False),  # within 5 in x and in y, yet 6.4 away
    ],
)
def test_box_and_tolerance(point, tolerance, hit):
    peaks = np.array([(0, 0), point], np.float32)
    box = np.array([(10, 20, 20, 40)], np.float32)
    present, hits = pointing_hits(peaks, np.array([1]), box, tolerance)
    assert present.tolist() == [1]
    assert hits.tolist() == [hit]


@given(st.data())
def test_against_a_loop_over_classes_and_boxes(data):
    number = st.integers(0, 8)
    peaks = np.array(data.draw(st.lists(st.tuples(number, number), min_size=4, max_size=4)), float)
    rows = data.draw(st.lists(st.tuples(st.integers(0, 3), number, number, number, number)))
    boxes = [(c, min(a, b), min(p, q), max(a, b), max(p, q)) for c, a, b, p, q in rows]
    classes = np.array([b[0] for b in boxes], np.int32)
    xyxy = np.array([b[1:] for b in boxes], np.float32).reshape(-1, 4)
    tolerance = data.draw(st.sampled_from([0, 1, 2.5]))
    present, hits = pointing_hits(peaks, classes, xyxy, tolerance)
    expected = {}
    for label, left, top, right, bottom in boxes:
        x, y = peaks[label]
        nearest = (min(max(x, left), right), min(max(y, top), bottom))
        near = (x - nearest[0]) ** 2 + (y - nearest[1]) ** 2 <= tolerance**2
        expected[label] = expected.get(label, False) or near
    assert dict(zip(present.tolist(), hits.tolist(), strict=True)) == expected
    assert present.tolist() == sorted(expected)
