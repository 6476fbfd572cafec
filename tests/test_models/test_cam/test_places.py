from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.models.cam import map_peaks, original_pixels

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
