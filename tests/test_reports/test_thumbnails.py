from __future__ import annotations

import base64
import io

import pytest
from PIL import Image

from wsml_mm.reports.thumbnails import data_uri, jpeg_uri, small_image


def test_a_small_image_is_upright_and_no_larger_than_the_file(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    Image.new('RGB', (300, 100), 'red').save(tmp_path / 'a.jpg', exif=exif)
    assert small_image(str(tmp_path / 'a.jpg'), (60, 60)).size == (20, 60)
    assert small_image(str(tmp_path / 'a.jpg'), (900, 900)).size == (100, 300)


def test_addresses_hold_the_file():
    assert data_uri(b'abc', 'text/plain') == 'data:text/plain;base64,YWJj'
    uri = jpeg_uri(Image.new('RGB', (8, 4)))
    assert Image.open(io.BytesIO(base64.b64decode(uri.partition(',')[2]))).size == (8, 4)


def test_no_image_is_refused(tmp_path):
    (tmp_path / 'a.jpg').write_text('x')
    with pytest.raises(OSError, match='cannot identify'):
        small_image(str(tmp_path / 'a.jpg'), (8, 8))
