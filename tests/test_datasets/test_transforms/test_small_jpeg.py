from __future__ import annotations

import io
from unittest import mock

import numpy as np
import pytest
from PIL import Image

from wsml_mm.datasets.transforms.small_jpeg import decode_small

pytest.importorskip('simplejpeg')


def jpeg(turn=None):
    """Returns a JPEG of 30 x 20, with EXIF where it is turned."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    exif, file = Image.Exif(), io.BytesIO()
    exif[0x0112] = turn
    Image.fromarray(pixels).save(file, 'JPEG', **({} if turn is None else {'exif': exif}))
    return file.getvalue()


def test_words_about_turning_are_looked_for_before_the_pixels_only():
    with mock.patch.object(Image, 'open') as opened:
        assert decode_small(jpeg() + b'Exif', 8)[1] == (30, 20)
    assert opened.call_count == 0


@pytest.mark.parametrize(
    'between',
    [
        pytest.param(b'\xff\xff', id='bytes that fill'),
        pytest.param(b'\xff\xfe\x00\x06\xff\xda??', id='a comment with the mark of pixels'),
    ],
)
def test_a_jpeg_is_turned_whatever_stands_before_its_exif(between):
    plain = jpeg(turn=6)
    found = decode_small(plain[:2] + between + plain[2:], 8)
    assert found[1] == (20, 30)
    np.testing.assert_array_equal(found[0], decode_small(plain, 8)[0])
