from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from wsml_mm.reports.dataset.pictures import pair_matrix, thumbnail


def decoded(uri):
    return base64.b64decode(uri.partition(',')[2])


@pytest.mark.parametrize(
    ('mode', 'suffix'),
    [('RGB', 'jpg'), ('L', 'png'), ('RGBA', 'png'), ('P', 'gif'), ('CMYK', 'jpg'), ('I;16', 'png')],
)
def test_thumbnails_of_all_kinds_of_images(tmp_path, mode, suffix):
    Image.new(mode, (900, 400)).save(tmp_path / f'a.{suffix}')
    with Image.open(io.BytesIO(decoded(thumbnail(str(tmp_path / f'a.{suffix}'))))) as image:
        assert image.size == (220, 98)
        assert image.mode == 'RGB'


def test_turned_photographs_stand_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new('RGB', (90, 40)).save(tmp_path / 'a.jpg', exif=exif)
    with Image.open(io.BytesIO(decoded(thumbnail(str(tmp_path / 'a.jpg'))))) as image:
        assert image.size == (40, 90)


def test_no_thumbnail_of_what_is_no_image(tmp_path):
    (tmp_path / 'a.jpg').write_bytes(b'noise')
    assert thumbnail(str(tmp_path / 'a.jpg')) is None
    assert thumbnail(str(tmp_path / 'b.jpg')) is None


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
