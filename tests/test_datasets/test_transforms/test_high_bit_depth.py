from __future__ import annotations

import numpy as np
import pytest
from hostile import Case, refusals
from hypothesis import given
from hypothesis import strategies as st
from image_kinds import (
    HEIGHT,
    WIDTH,
    colours,
    deep_grey,
    ramp,
    save_colour16,
    save_deep,
    save_kinds,
)
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from wsml_mm.datasets.pixels import in_range, shown
from wsml_mm.datasets.transforms import LoadHighBitDepthImage

KINDS = list(deep_grey(12))
BACKENDS = ['pillow', 'cv2']


def load(path, **kwargs):
    return LoadHighBitDepthImage(**kwargs)(dict(img_path=str(path)))['img']


@pytest.fixture(scope='module')
def kinds(tmp_path_factory):
    folder = tmp_path_factory.mktemp('kinds') / 'kinds'
    save_kinds(folder)
    for name, values in deep_grey(12).items():
        save_deep(folder / name, values)
    return folder


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('name', KINDS)
@pytest.mark.parametrize(
    'said', [dict(bits=12), dict(value_range=(0, 4095)), dict(percentiles=(0, 100))]
)
def test_twelve_bits_are_black_to_white(kinds, name, backend, said):
    image = load(kinds / name, imdecode_backend=backend, **said)
    assert image.shape == (HEIGHT, WIDTH, 3)
    assert image.dtype == np.uint8
    expected = np.rint(np.rint(ramp() * 4095) * 255 / 4095)
    np.testing.assert_array_equal(image, np.stack([expected] * 3, axis=-1))


@pytest.mark.parametrize('backend', BACKENDS)
def test_the_full_depth(tmp_path, backend):
    for name, values in deep_grey(16).items():
        save_deep(tmp_path / name, values)
        if name[0] in 'ub':  # 32 bits and floats have none
            image = load(tmp_path / name, bits='full', imdecode_backend=backend)
            np.testing.assert_array_equal(image[..., 0], np.rint(ramp() * 255))


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_window_of_hounsfield_units(tmp_path, backend):
    save_deep(tmp_path / 'ct.tif', (ramp() * 4000 - 1000).astype(np.float32))
    image = load(tmp_path / 'ct.tif', value_range=(-160, 240), imdecode_backend=backend)
    units = ramp() * 4000 - 1000
    assert (image[units <= -160] == 0).all()
    assert (image[units >= 240] == 255).all()
    expected = ((units + 160) * 255 / 400).clip(0, 255)
    np.testing.assert_allclose(image[..., 0], expected, atol=0.51)


@pytest.mark.parametrize(('scale', 'bits'), [(257, 'full'), (16, 12)])
def test_colour_of_16_bits(tmp_path, scale, bits):
    save_colour16(tmp_path / 'a.png', scale)
    image = load(tmp_path / 'a.png', bits=bits, imdecode_backend='cv2')
    np.testing.assert_allclose(image[..., ::-1].astype(int), colours(), atol=1)


@pytest.mark.parametrize(
    'name',
    ['plain.jpg', 'turned.jpg', 'cmyk.jpg', 'grey.png', 'palette.png', 'opaque.png', 'one_bit.png',
     'grey_transparent.png'],
)  # fmt: skip
@pytest.mark.parametrize('bits', [12, 'full'])
def test_images_of_8_bits_are_loaded_as_by_mmcv(kinds, name, bits):
    stock = TRANSFORMS.build(dict(type='LoadImageFromFile', imdecode_backend='pillow'))
    expected = stock(dict(img_path=str(kinds / name)))['img']
    np.testing.assert_array_equal(load(kinds / name, bits=bits), expected)


def test_a_grey_image_of_16_bits_is_turned_upright(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    Image.fromarray(deep_grey(12)['u16.png']).save(tmp_path / 'a.png', exif=turned)
    results = LoadHighBitDepthImage(bits=12)(dict(img_path=str(tmp_path / 'a.png')))
    assert results['img'].shape == (WIDTH, HEIGHT, 3)
    assert results['img_shape'] == results['ori_shape'] == (WIDTH, HEIGHT)


@pytest.mark.parametrize('backend', BACKENDS)
@pytest.mark.parametrize('resize', BACKENDS)
def test_in_front_of_the_usual_transforms(kinds, backend, resize):
    init_default_scope('mmpretrain')
    pipeline = Compose(
        [
            dict(type='LoadHighBitDepthImage', bits=12, imdecode_backend=backend),
            dict(type='RandomResizedCrop', scale=16, backend=resize),
            dict(type='RandomFlip', prob=0.5),
            dict(type='Resize', scale=(16, 16), backend=resize),
            dict(type='AutoContrast', prob=1.0),
            dict(type='PackInputs'),
        ]
    )
    packed = pipeline(dict(img_path=str(kinds / 'u16.png'), gt_label=[0]))
    assert packed['inputs'].shape == (3, 16, 16)
    assert packed['inputs'].float().std() > 20


def test_floats_are_not_rounded(kinds):
    image = load(kinds / 'u16.png', bits=12, to_float32=True)
    assert image.dtype == np.float32
    np.testing.assert_allclose(image[..., 0], np.rint(ramp() * 4095) * 255 / 4095, rtol=1e-6)


def test_nan_stands_for_a_stated_value(tmp_path):
    values = ramp().astype(np.float32)
    values[:3] = np.nan
    save_deep(tmp_path / 'a.tif', values)
    image = load(tmp_path / 'a.tif', value_range=(0, 1), nan=1)
    assert (image[:3] == 255).all()
    assert image[3, 0, 0] == np.rint(255 * ramp()[3, 0])


@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6))
def test_a_range_is_black_to_white_and_grows(low, width):
    values = np.linspace(low - width, low + 2 * width, 31)
    image = in_range(values, low, low + width)
    assert image.min() == 0
    assert image.max() == 255
    assert (np.diff(image) >= 0).all()


def test_where_all_percentiles_are_one_value_what_is_above_is_white(tmp_path):
    values = np.full((20, 20), 7, np.uint16)
    values[0, 0] = 900
    save_deep(tmp_path / 'a.png', values)
    image = load(tmp_path / 'a.png', percentiles=(1, 99))
    assert image[0, 0].tolist() == [255] * 3
    assert image.sum() == 3 * 255


@pytest.mark.parametrize('name', [*KINDS, 'turned.jpg', 'transparent.png', 'one_bit.png'])
def test_pictures_for_the_eye_are_neither_white_nor_black(kinds, name):
    with Image.open(kinds / name) as image:
        picture = shown(image)
    assert picture.mode == 'RGB'
    assert picture.size == ((HEIGHT, WIDTH) if name == 'turned.jpg' else (WIDTH, HEIGHT))
    assert 50 < np.asarray(picture).mean() < 200


def test_its_text_holds_what_decides_the_pixels():
    text = repr(LoadHighBitDepthImage(value_range=(0, 9), nan=2))
    assert 'value_range=(0, 9)' in text
    assert 'nan=2' in text
    assert repr(LoadHighBitDepthImage(bits=12)) != repr(LoadHighBitDepthImage(bits=10))


def built(**kwargs):
    return lambda folder: lambda: LoadHighBitDepthImage(**kwargs)


def loaded(values, name='a.tif', **kwargs):
    def make(folder):
        save_deep(folder / name, values)
        return lambda: load(folder / name, **kwargs)

    return make


def colour(folder):
    save_colour16(folder / 'a.png', 16)
    return lambda: load(folder / 'a.png', bits=12)


WITH_NAN = np.array([[np.nan, 1], [0, 1]], np.float32)
# fmt: off
test_refusal = refusals(
    Case('no range', built(), ValueError, 'no range given ... bits=12'),
    Case('two ranges', built(bits=12, percentiles=(1, 99)), ValueError,
         'percentiles and bits given ... say one of'),
    Case('range upside down', built(value_range=(5, 1)), ValueError,
         'value_range=(5, 1) ... the lower first'),
    Case('range of one', built(value_range=(5, 5)), ValueError, 'value_range=(5, 5)'),
    Case('range of three', built(value_range=(0, 5, 9)), ValueError, 'value_range=(0, 5, 9)'),
    Case('range of text', built(value_range='ab'), ValueError, "value_range='ab'"),
    Case('range without end', built(value_range=(0, float('inf'))), ValueError,
         'value_range=(0, inf) ... two numbers'),
    Case('percentiles above 100', built(percentiles=(1, 101)), ValueError,
         'percentiles=(1, 101) ... within 0 to 100'),
    Case('bits as text', built(bits='12'), ValueError, "bits='12' ... 1 to 32, or 'full'"),
    Case('no bits', built(bits=0), ValueError, 'bits=0 ... 1 to 32'),
    Case('backend', built(bits=12, imdecode_backend='tifffile'), ValueError,
         'imdecode_backend=\'tifffile\' ... "pillow" or "cv2"'),
    Case('more than 12 bits', loaded(np.array([[0, 4096]], np.uint16), 'a.png', bits=12),
         ValueError, '0 to 4,096, beyond the 0..4,095 of bits=12 ... value_range'),
    Case('negative', loaded(np.array([[-1000.0, 9]], np.float32), bits=12), ValueError,
         '-1000 to 9, beyond the 0..4,095'),
    Case('full depth of floats', loaded(np.zeros((2, 2), np.float32), bits='full'), ValueError,
         'float32 ... no full depth ... value_range ... 0 to 0'),
    Case('NaN', loaded(WITH_NAN, value_range=(0, 1)), ValueError, 'NaN ... nan=0'),
    Case('colour of 16 bits by Pillow', colour, ValueError,
         '8 of the 16 bits of a colour image ... imdecode_backend="cv2"'),
)
# fmt: on
