from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from wsml_mm.reports.audit.pictures import map_uri, picture


def opened(uri):
    return Image.open(io.BytesIO(base64.b64decode(uri.split(',', 1)[1])))


@pytest.mark.parametrize(
    ('size', 'small'), [((800, 400), (320, 160)), ((100, 900), (36, 320)), ((30, 20), (30, 20))]
)
def test_pictures_fit_the_side(size, small, tmp_path):
    Image.new('RGB', size, 'green').save(tmp_path / 'a.png')
    found = picture(str(tmp_path / 'a.png'), 320)
    assert found.uri.startswith('data:image/jpeg;base64,')
    assert (found.width, found.height) == opened(found.uri).size == small
    assert found.why == ''


def test_why_there_is_no_picture(tmp_path):
    (tmp_path / 'text.jpg').write_text('no image')
    whole = io.BytesIO()
    Image.effect_noise((64, 64), 90).convert('RGB').save(whole, 'JPEG')
    (tmp_path / 'half.jpg').write_bytes(whole.getvalue()[: whole.tell() // 2])
    (tmp_path / 'folder.jpg').mkdir()
    whys = {
        n: picture(str(tmp_path / n), 320) for n in ('text.jpg', 'half.jpg', 'folder.jpg', 'no')
    }
    assert all(found.uri == '' and found.why for found in whys.values())
    assert 'truncated' in whys['half.jpg'].why
    assert whys['folder.jpg'].why == 'it is a folder'
    assert whys['no'].why == 'there is no such file'


def test_maps_are_clear_where_nothing_speaks_for_the_class():
    heat = np.zeros((96, 128), np.float32)
    heat[24:36, 64:80] = 1
    image = opened(map_uri(heat))
    assert image.size == (32, 24)
    pixels = np.asarray(image.convert('RGBA'))
    assert np.argwhere(pixels[..., 3] == pixels[..., 3].max()).min(0).tolist() == [6, 16]
    assert pixels[0, 0, 3] == 0
    assert pixels[7, 17].tolist() == [255, 0, 0, 175]


@pytest.mark.parametrize('heat', [np.zeros((7, 7)), np.ones((1, 40)), np.full((3, 3), np.nan)])
def test_odd_maps(heat):
    assert len(map_uri(heat)) < 2000
