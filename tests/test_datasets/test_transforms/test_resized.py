from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
from hostile import Case, refusals
from image_kinds import save_kinds
from mmengine.dataset import Compose
from mmengine.registry import init_default_scope
from mmpretrain.registry import TRANSFORMS
from PIL import Image

from wsml_mm.datasets.images import run_pipeline
from wsml_mm.datasets.transforms import LoadResizedImage

TWO_STEPS = (
    dict(type='LoadImageFromFile', imdecode_backend='pillow'),
    dict(type='Resize', backend='pillow', interpolation='bilinear'),
)
BROKEN = ['cut.jpg', 'text.jpg', 'page.jpg', 'empty.jpg', 'zeros.jpg', 'noise.jpg', 'link.jpg']
TURNS = [f'turned_{turn}.jpg' for turn in range(1, 9)]
WHOLE = [
    *TURNS, 'plain.jpg', 'grey.jpg', 'cmyk.jpg', 'grey.png', 'palette.png',
    'palette_transparent.png', 'transparent.png', 'opaque.png', 'grey_transparent.png',
    'one_bit.png', 'moving.gif', 'pages.tif', 'turned.png', 'turned.tif', 'u16.png', 'photo.jpg',
]  # fmt: skip
DECODE = ['exact', 'fast']


@pytest.fixture(scope='module')
def kinds(tmp_path_factory):
    save_kinds(folder := tmp_path_factory.mktemp('kinds') / 'kinds')
    large = photograph(folder / 'photo.jpg', 300, 200)
    for turn in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = turn
        large.save(folder / f'turned_{turn}.jpg', exif=exif, quality=95)
    large.save(folder / 'turned.png', exif=exif)
    large.save(folder / 'turned.tif', exif=exif)
    large.convert('L').save(folder / 'grey.jpg')
    Image.fromarray(np.arange(600, dtype=np.uint16).reshape(20, 30)).save(folder / 'u16.png')
    return folder


def photograph(path, width, height):
    """Saves a smooth picture of several colours."""
    small = np.random.default_rng(0).integers(0, 256, (4, 5, 3), np.uint8)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    image.save(path, quality=95)
    return image


def load(path, scale, decode='exact'):
    if decode == 'fast':
        pytest.importorskip('simplejpeg')
    return LoadResizedImage(scale, decode)(dict(img_path=str(path)))


@pytest.mark.parametrize('scale', [(24, 36), (90, 60), (310, 210)])
@pytest.mark.parametrize('name', WHOLE)
@pytest.mark.parametrize(('decode', 'backend'), [('exact', 'pillow'), ('cv2', 'cv2')])
def test_one_step_is_bit_for_bit_what_two_give(kinds, name, scale, decode, backend):
    if (name, decode) == ('moving.gif', 'cv2'):
        pytest.skip('not every OpenCV reads it')
    init_default_scope('mmpretrain')
    load_, resize = TWO_STEPS
    steps = [dict(load_, imdecode_backend=backend), dict(resize, backend=backend, scale=scale)]
    expected = Compose(steps)(dict(img_path=str(kinds / name)))
    found = load(kinds / name, scale, decode)
    np.testing.assert_array_equal(found.pop('img'), expected.pop('img'))
    assert found == expected


@pytest.mark.parametrize('scale', [(24, 36), (90, 60), (310, 210)])
@pytest.mark.parametrize('name', WHOLE)
def test_fast_shows_the_same_picture(kinds, name, scale):
    fast, exact = load(kinds / name, scale, 'fast'), load(kinds / name, scale)
    pixels, expected = fast.pop('img'), exact.pop('img')
    assert (pixels.shape, pixels.dtype) == ((scale[1], scale[0], 3), np.uint8)
    assert fast == exact
    if name != 'one_bit.png':  # its edges are as sharp as the filter
        assert np.abs(pixels.astype(int) - expected).mean() < 4


@pytest.mark.parametrize(
    ('size', 'scale', 'decoded'),
    [
        ((300, 200), (224, 224), (300, 200)),
        ((300, 200), (200, 200), (300, 200)),
        ((300, 200), (101, 101), (300, 200)),
        ((300, 200), (100, 100), (150, 100)),
        ((301, 201), (100, 100), (151, 101)),
        ((300, 200), (100, 40), (150, 100)),  # which side is which is only known upright
        ((300, 200), (50, 50), (75, 50)),
        ((300, 200), (26, 26), (75, 50)),
        ((300, 200), (7, 7), (38, 25)),
    ],
)
def test_fast_never_decodes_below_the_size(tmp_path, size, scale, decoded):
    simplejpeg = pytest.importorskip('simplejpeg')
    photograph(tmp_path / 'a.jpg', *size)
    with mock.patch('simplejpeg.decode_jpeg', wraps=simplejpeg.decode_jpeg) as spy:
        load(tmp_path / 'a.jpg', scale, 'fast')
    pixels = simplejpeg.decode_jpeg(*spy.call_args.args, **spy.call_args.kwargs)
    assert pixels.shape == (decoded[1], decoded[0], 3)


@pytest.mark.parametrize('decode', DECODE)
@pytest.mark.parametrize('name', BROKEN)
def test_both_refuse_the_files_that_two_steps_refuse(kinds, name, decode):
    init_default_scope('mmpretrain')
    pack, path = dict(type='PackInputs'), str(kinds / name)
    steps = Compose([TWO_STEPS[0], dict(TWO_STEPS[1], scale=(8, 8)), pack])
    if decode == 'fast':
        pytest.importorskip('simplejpeg')
    one = Compose([dict(type='LoadResizedImage', scale=8, decode=decode), pack])
    says = []
    for pipeline in (steps, one):
        with pytest.raises(ValueError, match='cannot be read') as error:
            run_pipeline(pipeline, dict(img_path=path))
        says.append(str(error.value))
    assert says[0] == says[1]


@pytest.mark.parametrize('decode', DECODE)
@pytest.mark.parametrize('progressive', [False, True])
def test_a_jpeg_cut_anywhere_is_refused_by_both_or_none(tmp_path, decode, progressive):
    photograph(tmp_path / 'whole.jpg', 64, 48).save(
        tmp_path / 'whole.jpg', progressive=progressive, restart_marker_blocks=8
    )
    whole, path = (tmp_path / 'whole.jpg').read_bytes(), tmp_path / 'a.jpg'
    init_default_scope('mmpretrain')
    mmcv = TRANSFORMS.build(TWO_STEPS[0])
    for length in [*range(0, len(whole), 40), *range(len(whole) - 6, len(whole) + 1)]:
        for tail in (b'', b'junk behind the image'):
            path.write_bytes(whole[:length] + tail)
            ours, other = refused(load, path, 12, decode), refused(mmcv, {'img_path': str(path)})
            assert ours == other, (length, tail)


def refused(act, *args):
    try:
        act(*args)
    except Exception:
        return True
    return False


def test_opencv_refuses_what_two_steps_refuse(kinds):
    init_default_scope('mmpretrain')
    for name in BROKEN:
        if not refused(
            TRANSFORMS.build(dict(type='LoadImageFromFile')), {'img_path': str(kinds / name)}
        ):
            continue  # OpenCV makes do with half a file
        pipeline = Compose([dict(type='LoadResizedImage', scale=8, decode='cv2')])
        with pytest.raises(ValueError, match='cannot be read'):
            run_pipeline(pipeline, dict(img_path=str(kinds / name)))


def test_pillow_only_opens_a_jpeg_to_ask_how_it_is_turned(kinds):
    pytest.importorskip('simplejpeg')
    with mock.patch('wsml_mm.datasets.transforms.resized.Image.open', wraps=Image.open) as opened:
        load(kinds / 'grey.jpg', 30, 'fast')
        assert opened.call_count == 0
        load(kinds / 'turned_6.jpg', 30, 'fast')
        assert opened.call_count == 1


def test_an_image_of_too_many_pixels_is_warned_of(kinds):
    for decode in DECODE:
        with (
            mock.patch.object(Image, 'MAX_IMAGE_PIXELS', 40_000),
            pytest.warns(Image.DecompressionBombWarning),
        ):
            load(kinds / 'photo.jpg', 30, decode)


def test_packing_copies_nothing_and_the_usual_transforms_follow(kinds):
    init_default_scope('mmpretrain')
    found = load(kinds / 'plain.jpg', (16, 12))
    packed = TRANSFORMS.build(dict(type='PackInputs'))(found)['inputs']
    assert np.shares_memory(packed.numpy(), found['img'])
    usual = [
        dict(type='RandomFlip', prob=1.0),
        dict(type='ColorJitter', brightness=0.1),
        dict(type='RandomResizedCrop', scale=10, backend='cv2'),
        dict(type='Resize', scale=(16, 16), backend='pillow'),
        dict(type='AutoContrast', prob=1.0),
        dict(type='PackInputs'),
    ]
    pipeline = Compose([dict(type='LoadResizedImage', scale=12), *usual])
    assert pipeline(dict(img_path=str(kinds / 'plain.jpg')))['inputs'].shape == (3, 16, 16)


def test_its_text_holds_what_decides_the_pixels():
    pytest.importorskip('simplejpeg')
    texts = {repr(LoadResizedImage(*said)) for said in ((8,), ((8, 9),), (8, 'fast'), (8, 'cv2'))}
    assert len(texts) == 4


def built(**kwargs):
    return lambda folder: lambda: LoadResizedImage(**kwargs)


def without_simplejpeg(folder):
    def act():
        with mock.patch('wsml_mm.datasets.transforms.resized.find_spec', return_value=None):
            LoadResizedImage(448, 'fast')

    return act


# fmt: off
test_refusal = refusals(
    Case('no size', built(scale=0), ValueError, 'scale=0 ... (width, height)'),
    Case('three numbers', built(scale=(1, 2, 3)), ValueError, 'scale=(1, 2, 3) ... (448, 448)'),
    Case('a part', built(scale=(0.5, 0.5)), ValueError, 'scale=(0.5, 0.5) ... in pixels'),
    Case('decode', built(scale=8, decode='draft'), ValueError,
         'decode=\'draft\' ... "exact", "cv2" or "fast"'),
    Case('no simplejpeg', without_simplejpeg, ImportError,
         "decode='fast' ... simplejpeg ... wsml_mm[fast] ... 'exact'"),
)
# fmt: on
