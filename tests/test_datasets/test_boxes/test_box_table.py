from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsml_mm.datasets.boxes import BoxTable, image_key

BOX = st.tuples(st.integers(0, 6), st.integers(0, 3), st.integers(0, 200))


@given(st.lists(BOX, min_size=1, max_size=30), st.randoms())
def test_finds_what_a_dictionary_finds(boxes, random):
    """Keys of different lengths, one the beginning of another, in any order."""
    keys = ['10', '1', 'b', 'a.b', 'ab', 'Ü', '100']
    random.shuffle(keys)
    expected = {key: [] for key in keys}
    for image, label, x in boxes:
        expected[keys[image]].append((label, (x, 0, x + 1, 2)))
    columns = [b[0] for b in boxes], [b[1] for b in boxes], [(b[2], 0, b[2] + 1, 2) for b in boxes]
    table = BoxTable.from_columns(keys, *columns, source='x')
    assert len(table) == 7
    for key, found in expected.items():
        classes, xyxy = table.of(f'some/folder/{key}.jpg', (5, 7))
        assert [(c, tuple(b)) for c, b in zip(classes, xyxy.tolist(), strict=True)] == found
        assert f'{key}.png' in table
    assert 'c.jpg' not in table
    assert 'zz.jpg' not in table


def test_relative_boxes_scale_with_the_image():
    table = BoxTable.from_columns(['a'], [0], [3], [(0.1, 0.25, 0.5, 1)], 'x', relative=True)
    classes, xyxy = table.of('a', (200, 100))
    assert classes.tolist() == [3]
    np.testing.assert_allclose(xyxy, [[10, 50, 50, 200]], rtol=1e-6)


def test_unlisted_image():
    columns = [['a'], [0], [3], [(0, 0, 1, 1)], 'boxes.json']
    with pytest.raises(
        KeyError, match=r"boxes.json: has no image 'b'; give the boxes of the split"
    ):
        BoxTable.from_columns(*columns).of('x/b.jpg', (5, 5))
    classes, xyxy = BoxTable.from_columns(*columns, complete=False).of('b', (5, 5))
    assert (len(classes), xyxy.shape) == (0, (0, 4))


def test_refusals():
    with pytest.raises(ValueError, match=r"two images are named 'a'.*rename one"):
        BoxTable.from_columns(['a', 'b', 'a'], [0], [0], [(0, 0, 1, 1)], 'x')
    with pytest.raises(ValueError, match='x: holds no box of the classes; check the class names'):
        BoxTable.from_columns(['a'], [], [], [], 'x')
    for corner, value in enumerate((np.nan, -np.inf, np.inf, 1e39)):
        box = [0.0, 0.0, 1.0, 1.0]
        box[corner] = value
        with pytest.raises(ValueError, match=r"x: \[.*\] of image 'b' is no box: .*; correct or"):
            BoxTable.from_columns(['a', 'b'], [0, 1], [0, 0], [(0, 0, 1, 1), box], 'x')


def test_key():
    assert image_key('data/JPEGImages/2008_000001.v2.jpg') == '2008_000001.v2'
