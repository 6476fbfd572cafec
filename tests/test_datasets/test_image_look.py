from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from image_kinds import deep_grey, ramp, save_deep, save_kinds
from PIL import Image

from wsml_mm.datasets.image_loader import ImageLoader
from wsml_mm.datasets.image_look import look_at

STOCK = {
    backend: dict(type='LoadImageFromFile', imdecode_backend=backend)
    for backend in ('pillow', 'cv2')
}
AS_STORED = dict(type='LoadImageFromFile', color_type='unchanged')
DEEP = dict(type='LoadHighBitDepthImage', bits=12, imdecode_backend='cv2')


@pytest.fixture(scope='module')
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp('kinds') / 'kinds'
    save_kinds(folder)
    for bits in (12, 16):
        for name, values in deep_grey(bits).items():
            save_deep(folder / f'{bits}_{name}', values)
    save_deep(folder / 'unit.tif', ramp().astype(np.float32))
    return folder


def remarks(path, load):
    look = look_at(str(path), ImageLoader([load]))
    assert look.error is None
    return look.remarks


@pytest.mark.parametrize('backend', STOCK)
@pytest.mark.parametrize(
    'name',
    ['plain.jpg', 'turned.jpg', 'upside_down.jpg', 'cmyk.jpg', 'grey.png', 'palette.png',
     'opaque.png', 'one_bit.png', 'colour16.png'],
)  # fmt: skip
def test_what_comes_out_right_is_not_remarked_on(kinds, name, backend):
    assert remarks(kinds / name, STOCK[backend]) == []


@pytest.mark.parametrize('backend', STOCK)
@pytest.mark.parametrize(
    ('name', 'kind', 'what'),
    [
        ('constant.png', 'constant image', 'is loaded as one plain colour (9)'),
        ('pages.tif', 'several pictures in a file', 'holds 2 pictures, of which the first alone'),
        ('transparent.png', 'transparent image', 'is transparent in 51% of its pixels'),
        ('grey_transparent.png', 'transparent image', 'is transparent in 51% of its pixels'),
        ('palette_transparent.png', 'transparent image', 'is transparent in '),
        ('colour12.png', 'values squeezed', 'the values 0 to 15 of 0 to 255 only'),
    ],
)
def test_what_loading_does_not_show(kinds, name, kind, what, backend):
    (remark,) = remarks(kinds / name, STOCK[backend])
    assert remark.kind == kind
    assert what in remark.what


def test_a_moving_picture(kinds):  # older OpenCV does not know GIF
    (remark,) = remarks(kinds / 'moving.gif', STOCK['pillow'])
    assert remark.kind == 'several pictures in a file'


@pytest.mark.parametrize('name', deep_grey(12))
@pytest.mark.parametrize('bits', [12, 16])
def test_pillow_cuts_deep_values_off(kinds, name, bits):
    (remark,) = remarks(kinds / f'{bits}_{name}', STOCK['pillow'])
    assert remark.kind == 'values cut off'
    assert remark.serious
    assert f'and loaded as {99 if bits == 12 else 100}% white' in remark.what
    if name != 'f32.tif':
        assert f"dict(type='LoadHighBitDepthImage', bits={bits})" in remark.fix
    else:
        assert f'value_range=(0, {2**bits - 1})' in remark.fix


def test_floats_from_0_to_1_are_black(kinds):
    (remark,) = remarks(kinds / 'unit.tif', STOCK['pillow'])
    assert (remark.kind, remark.serious) == ('values squeezed', True)
    assert 'is of 32 bits (0 to 1) and loaded with the values 0 to 1 of 0 to 255' in remark.what
    assert 'value_range=(0, 1)' in remark.fix


@pytest.mark.parametrize('name', ['u16.png', 'u16.tif', 'big_endian.tif'])
def test_opencv_divides_sixteen_bits(kinds, name):
    assert remarks(kinds / f'16_{name}', STOCK['cv2']) == []
    (remark,) = remarks(kinds / f'12_{name}', STOCK['cv2'])
    assert (remark.kind, remark.serious) == ('values squeezed', False)
    assert 'is of 16 bits (0 to 4,095) and loaded with the values 0 to 15' in remark.what


@pytest.mark.parametrize('name', ['i32.tif', 'f32.tif'])
def test_opencv_refuses_32_bits(kinds, name):
    look = look_at(str(kinds / f'12_{name}'), ImageLoader([STOCK['cv2']]))
    said = look.error or str(look.lost)  # by its version
    assert "dict(type='LoadHighBitDepthImage'" in said


@pytest.mark.parametrize('name', deep_grey(12))
def test_with_a_stated_range_all_is_well(kinds, name):
    assert remarks(kinds / f'12_{name}', DEEP) == []


def test_a_range_that_misses_the_values(kinds):
    load = dict(type='LoadHighBitDepthImage', value_range=(0, 500))
    (remark,) = remarks(kinds / '12_u16.png', load)
    assert (remark.kind, remark.serious) == ('values cut off', False)
    assert remark.fix == 'state a range that holds its values, e.g. bits=12'
    load['value_range'] = (1000, 3000)  # a window cuts some off, that is its purpose
    assert remarks(kinds / '12_u16.png', load) == []


def test_eight_bits_in_sixteen_are_whole_in_pillow(tmp_path):
    save_deep(tmp_path / 'a.png', np.rint(ramp() * 255).astype(np.uint16))
    assert remarks(tmp_path / 'a.png', STOCK['pillow']) == []


@pytest.mark.parametrize(
    ('name', 'kind'),
    [
        ('turned.jpg', 'image not upright'),
        ('upside_down.jpg', 'image not upright'),
        ('12_u16.png', 'values not in 0 to 255'),
        ('unit.tif', 'values not in 0 to 255'),
    ],
)
def test_images_loaded_as_they_are_stored(kinds, name, kind):
    assert [remark.kind for remark in remarks(kinds / name, AS_STORED)] == [kind]


def test_a_damaged_file_that_a_lenient_decoder_takes(kinds):
    class Lenient:
        def __call__(self, results):
            return dict(results, img=np.zeros((9, 9, 3), np.uint8))

    look = look_at(str(kinds / 'cut.jpg'), ImageLoader([Lenient()]))
    assert look.error is None
    assert str(look.damage).startswith('it is damaged, though it is loaded: OSError')
    assert look_at(str(kinds / 'plain.jpg'), ImageLoader([STOCK['cv2']])).damage is None


def test_an_image_without_pixels(kinds):
    empty = np.zeros((0, 5, 3), np.uint8)
    with mock.patch('mmcv.imfrombytes', return_value=empty):
        look = look_at(str(kinds / 'plain.jpg'), ImageLoader([STOCK['cv2']]))
    assert look.error == 'it has no pixels, its shape is (0, 5, 3)'


def test_nearly_constant(tmp_path):
    Image.fromarray((ramp() * 5).astype(np.uint8)).save(tmp_path / 'a.png')
    (remark,) = remarks(tmp_path / 'a.png', STOCK['pillow'])
    assert remark.kind == 'nearly constant image'
    assert 'is loaded with the values 0 to 5 of 0 to 255 only' in remark.what


@pytest.mark.parametrize('odd', [np.nan, np.inf])
def test_values_that_are_no_numbers(tmp_path, odd):
    values = (ramp() * 4095).astype(np.float32)
    values[0, 0] = odd
    save_deep(tmp_path / 'a.tif', values)
    (cut,) = remarks(tmp_path / 'a.tif', STOCK['pillow'])
    (kept,) = remarks(tmp_path / 'a.tif', AS_STORED)
    assert f'is of 32 bits ({values[0, 1]:.6g} to 4095) and loaded as' in cut.what
    assert 'is loaded with NaN or infinite values' in kept.what
    for remark in (cut, kept):
        assert f'value_range=({values[0, 1]:.6g}, 4095)' in remark.fix
        assert remark.serious


def test_hashes_tell_files_and_pixels_apart(tmp_path):
    image = Image.fromarray((ramp() * 255).astype(np.uint8))
    for name in ('a.png', 'b.bmp', 'c.png'):
        image.save(tmp_path / name)
    a, b, c = (look_at(str(tmp_path / n), ImageLoader()) for n in ('a.png', 'b.bmp', 'c.png'))
    assert a.content == c.content != b.content
    assert a.pixels == b.pixels == c.pixels
    assert len(a.small) == 64
