from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.evaluation.pointing import map_peaks, original_pixels, pointing_hits

SIZE = st.integers(1, 6)


def meta(ori=(30, 40), img=(60, 20), **more):
    return dict(
        ori_shape=ori, img_shape=img, scale_factor=(img[1] / ori[1], img[0] / ori[0]), **more
    )


@given(SIZE, SIZE, st.integers(0, 10**6))
def test_peak_is_where_the_upsampled_map_is_largest(height, width, seed):
    """An odd factor puts a pixel's centre on every cell's centre: the searched maximum is exact."""
    maps = torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(seed)).double()
    big = torch.nn.functional.interpolate(maps, scale_factor=9, mode='bilinear')
    peaks = map_peaks(maps)
    for row, label in np.ndindex(2, 3):
        x, y = peaks[row, label].tolist()
        column, line = round(x * 9 * width - 0.5), round(y * 9 * height - 0.5)
        assert big[row, label, line, column] == maps[row, label].max()
        assert big[row, label].max() <= maps[row, label].max() + 1e-12
        assert maps[row, label, int(y * height), int(x * width)] == maps[row, label].max()


def test_peak_of_equal_cells_is_the_first_in_reading_order():
    maps = torch.zeros(1, 3, 2, 4)
    maps[0, 1, 0, 3] = maps[0, 1, 1, 0] = 5
    maps[0, 2] = -7
    assert map_peaks(maps)[0].tolist() == [[0.125, 0.25], [0.875, 0.25], [0.125, 0.25]]


def test_peaks_of_a_diverged_model():
    maps = torch.zeros(1, 2, 3, 3)
    maps[0, 1, 2, 2] = float('nan')
    with pytest.raises(ValueError, match='NaN: the model has diverged'):
        map_peaks(maps)


def test_pixels_of_the_original_image():
    # Input 20 x 60 (w x h), original 40 x 30: x doubles and y is halved.
    place = original_pixels(np.array([[0.25, 0.5], [0, 1]]), (60, 20), meta())
    np.testing.assert_array_equal(place, [[10, 15], [0, 30]])
    assert place.dtype == np.float32


@pytest.mark.parametrize(
    ('direction', 'expected'),
    [('horizontal', (30, 24)), ('vertical', (10, 6)), ('diagonal', (30, 6)), (None, (30, 24))],
)
def test_flips_are_undone(direction, expected):
    facts = meta(flip=True, flip_direction=direction)
    place = original_pixels(np.array([0.25, 0.8]), (60, 20), facts)
    np.testing.assert_allclose(place, expected, rtol=1e-6)
    same = original_pixels(np.array([0.25, 0.8]), (60, 20), {**facts, 'flip': False})
    np.testing.assert_allclose(same, (10, 24), rtol=1e-6)


def test_padding_of_the_input_lies_beyond_the_image():
    """The preprocessor pads 60 x 20 to 64 x 32: the image ends at 20/32 of the width."""
    edge, beyond = original_pixels(np.array([[20 / 32, 60 / 64], [0.9, 0.1]]), (64, 32), meta())
    np.testing.assert_allclose(edge, (40, 30), rtol=1e-6)
    assert beyond[0] > 40


def test_crops_and_missing_facts_are_refused():
    with pytest.raises(ValueError, match=r'carries no ori_shape: name it in PackInputs'):
        original_pixels(np.zeros(2), (4, 4), dict(img_shape=(4, 4)))
    cropped = dict(
        ori_shape=(30, 40), img_shape=(20, 20), scale_factor=(1.0, 1.0), img_path='a.jpg'
    )
    with pytest.raises(ValueError, match=r'a.jpg of \(30, 40\).*crop, padding or second resize'):
        original_pixels(np.zeros(2), (20, 20), cropped)
    del cropped['scale_factor']  # a crop without any resize
    with pytest.raises(ValueError, match='crop'):
        original_pixels(np.zeros(2), (20, 20), cropped)
    unscaled = dict(ori_shape=(20, 20), img_shape=(20, 20))
    np.testing.assert_array_equal(original_pixels(np.array([0.5, 1]), (20, 20), unscaled), [10, 20])


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
